using Crust.Grains.Abstractions;

namespace Crust.Gateway.Commands;

/// <summary>What became of an order.</summary>
/// <param name="Number">Its number.</param>
/// <param name="IsSent">False when the cluster did not even answer which number is next.</param>
/// <param name="Result">What the cluster said; null when it did not answer.</param>
internal readonly record struct GivenOrder(ulong Number, bool IsSent, OrderResult? Result)
{
    /// <summary>True when the order counts. A call that is repeated finds it taken already.</summary>
    internal bool Counts => Result is OrderResult.Accepted or OrderResult.Unchanged;

    /// <summary>Why it does not count: a code and a sentence.</summary>
    /// <param name="operatorId">Who ordered.</param>
    internal (string Code, string Why) Refusal(Identity.PeerId operatorId) => Result switch
    {
        OrderResult.NotAnOperator => ("not-an-operator", $"{operatorId} is no operator of this network: silos and gateways must be started with --operator {operatorId}."),
        OrderResult.Stale => ("number-used", $"The number {Number} was used, or a higher one: the same identity gives orders elsewhere at this moment. Give the order again."),
        OrderResult.Untimely => ("untimely", "The cluster's clock differs from this one by more than ten minutes: set the clock that is wrong."),
        OrderResult.Full => ("orders-full", "As many orders are in force as the cluster keeps: take some back first (crust admin list)."),
        OrderResult.StorageUnavailable => ("storage-unavailable", "The cluster's storage does not answer, so the order does not count. Give it again."),
        OrderResult.Invalid => ("order-invalid", $"The cluster does not accept the order: this clock, or the one by which its last number {Number} was given, is more than a day ahead."),
        _ when IsSent => ("cluster-away", "The cluster did not answer; whether it took the order is not known. See crust admin audit, or give the order again."),
        _ => ("cluster-away", "The cluster does not answer, or serves another network. Nothing was ordered."),
    };
}
