namespace Crust.Nat.HolePunching;

/// <summary>What can be said of the external port that a NAT gives to a packet for a new destination. The numbers are the wire's.</summary>
internal enum PortPredictability
{
    /// <summary>Nothing: no server answered, or only one.</summary>
    Unknown = 0,

    /// <summary>It is the one that servers saw: the mapping does not depend on the destination, or nothing translates.</summary>
    Stable = 1,

    /// <summary>It is a fixed distance from the last one.</summary>
    Sequential = 2,

    /// <summary>It may be any.</summary>
    Random = 3,
}
