namespace Crust.Nat.HolePunching;

/// <summary>How a side goes about a punch; both sides find the same, or its counterpart, from the same two descriptions.</summary>
internal enum PunchStrategy
{
    /// <summary>Checks between all candidates.</summary>
    Checks,

    /// <summary>The same, with predicted ports: one side's NAT at least counts.</summary>
    Prediction,

    /// <summary>Our NAT draws ports at random, theirs does not: many sockets of ours each open a mapping.</summary>
    OpenMany,

    /// <summary>The counterpart: many of their ports are probed.</summary>
    ProbeMany,

    /// <summary>Neither NAT can be foreseen well enough: checks for a short while, in case one is laxer than it seems.</summary>
    Brief,
}
