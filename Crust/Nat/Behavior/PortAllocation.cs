namespace Crust.Nat.Behavior;

/// <summary>Which port a NAT chooses for a new mapping (RFC 4787 §4.2).</summary>
public enum PortAllocation
{
    /// <summary>Not found out.</summary>
    Unknown = 0,

    /// <summary>The internal one, as long as it is free.</summary>
    Preserved,

    /// <summary>The one after the last, or a fixed distance from it: the next one can be predicted.</summary>
    Sequential,

    /// <summary>One that cannot be predicted.</summary>
    Random,
}
