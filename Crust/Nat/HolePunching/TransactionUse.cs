namespace Crust.Nat.HolePunching;

/// <summary>What a request of ours is for; each has transaction ids of its own.</summary>
internal enum TransactionUse : byte
{
    Gather,
    Check,
    Nominate,
}
