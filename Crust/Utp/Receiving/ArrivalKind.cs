namespace Crust.Utp.Receiving;

/// <summary>What became of a packet with payload.</summary>
internal enum ArrivalKind
{
    /// <summary>It was the next one.</summary>
    InOrder,

    /// <summary>It came before an earlier one, and waits.</summary>
    OutOfOrder,

    /// <summary>It had come already.</summary>
    Duplicate,

    /// <summary>Beyond the window, or behind the end.</summary>
    Refused,
}
