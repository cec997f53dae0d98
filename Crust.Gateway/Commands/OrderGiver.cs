using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Commands;

/// <summary>
/// Gives an operator's orders. Their numbers come from the clock and from what the cluster knows of the operator: whoever orders keeps nothing but the key. Numbers alone never make an order count, so a
/// cluster that lies about the last one can only have orders refused.
/// </summary>
/// <param name="client">Borrowed.</param>
/// <param name="operatorIdentity">Borrowed.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class OrderGiver(CrustClusterClient client, PeerIdentity operatorIdentity, TimeProvider timeProvider)
{
    /// <summary>How often an order gets another number because another order of the same operator came between. Ours: more than a few at once are no people's.</summary>
    private const int Attempts = 4;

    /// <summary>Signs the order with the next number and offers it.</summary>
    internal async Task<GivenOrder> GiveAsync(OrderKind kind, PeerId subject, string reason, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (!(await client.GetLastOrderNumberAsync(operatorIdentity.Id, cancellationToken)).TryGet(out var last))
                return new GivenOrder(0, IsSent: false, null);
            var now = timeProvider.GetUtcNow();
            // Bounded, since a sum that overflows would be a bug; what lies so far ahead is refused anyway.
            var number = OperatorOrder.NextNumber(Math.Min(last, long.MaxValue), now);
            var signed = OperatorOrder.Sign(operatorIdentity, client.Network, number, now, kind, subject, reason);
            if (!(await client.SubmitOrderAsync(signed, cancellationToken)).TryGet(out var result))
                return new GivenOrder(number, IsSent: true, null);
            if (result != OrderResult.Stale || attempt == Attempts)
                return new GivenOrder(number, IsSent: true, result);
        }
    }
}
