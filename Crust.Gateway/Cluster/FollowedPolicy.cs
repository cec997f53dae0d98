using Crust.Access;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Cluster;

/// <summary>
/// What operators ordered, as a gateway believes it: only orders that an operator it was configured with signed for this network. Of orders that follow what was known, those whose number is not new are
/// left out: nobody in between can bring an old one back. Pure; one thread at a time.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="operators">Whose orders count.</param>
internal sealed class FollowedPolicy(NetworkId network, IReadOnlySet<PeerId> operators)
{
    private readonly Dictionary<PeerId, ulong> _numbers = [];

    /// <summary>The policy as it counts now.</summary>
    internal OperatorPolicy Policy { get; private set; } = new();

    /// <summary>The version that it is of; 0 at first.</summary>
    internal ulong Version { get; private set; }

    /// <summary>Takes changes; returns how many orders were left out.</summary>
    internal int Take(PolicyChanges changes)
    {
        var policy = changes.IsWhole ? new OperatorPolicy() : Policy;
        var leftOut = 0;
        foreach (var taken in changes.Orders)
        {
            if (!OperatorOrder.TryVerify(taken.Signed, network, out var order) || !operators.Contains(order!.Operator)
                || (!changes.IsWhole && order.Number <= _numbers.GetValueOrDefault(order.Operator)))
            {
                leftOut++;
                continue;
            }

            _numbers[order.Operator] = Math.Max(order.Number, _numbers.GetValueOrDefault(order.Operator));
            policy.Apply(order);
        }

        Policy = policy;
        Version = changes.Version;
        return leftOut;
    }
}
