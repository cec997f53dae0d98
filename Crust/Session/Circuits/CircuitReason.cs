namespace Crust.Session.Circuits;

/// <summary>What a <see cref="CircuitCode"/> says to people.</summary>
internal static class CircuitReason
{
    internal static string Of(CircuitCode code) => code switch
    {
        CircuitCode.Normal => "the other end closed it",
        CircuitCode.NotAttached => "the peer is not attached to that gateway",
        CircuitCode.NotAdmitted => "the gateway does not admit this node",
        CircuitCode.Busy => "the gateway has no room for another circuit",
        CircuitCode.GoingAway => "the gateway goes away",
        CircuitCode.LinkLost => "the link to or behind the gateway was lost",
        CircuitCode.Misused => "the gateway saw a rule of circuits broken",
        CircuitCode.Refused => "the peer takes no circuit",
        CircuitCode.Exhausted => "it carried all that it may",
        _ => "the gateway ended it",
    };
}
