namespace Crust.Nat.Behavior;

/// <summary>How a probe ended.</summary>
internal enum NatProbeOutcome
{
    /// <summary>It was sent, and nothing came back in time.</summary>
    Silence,

    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>The server said that it cannot do that; of a TCP server that was to dial back: that it could not.</summary>
    Refused,

    /// <summary>This host could not send it: no route, no such address, the port in use. It tells nothing.</summary>
    NotSent,
}
