using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Where servers saw one fresh socket of ours, in the order in which they were asked, and what follows for the next destination. Pure.
/// </summary>
internal sealed class PortObservations
{
    /// <summary>Ports of a NAT that counts lie no farther apart. Ours: beside us, others open mappings; farther apart, chance is as likely.</summary>
    internal const int MaxDelta = 64;

    private readonly TransportAddress?[] _seen;

    internal PortObservations(int servers) => _seen = new TransportAddress?[servers];

    /// <summary>Answers so far.</summary>
    internal int Count => _seen.Count(static seen => seen is not null);

    /// <summary>Every server answered.</summary>
    internal bool IsComplete => Count == _seen.Length;

    /// <summary>What the last server in order saw; null without an answer.</summary>
    internal TransportAddress? Last => _seen.LastOrDefault(static seen => seen is not null);

    /// <summary>All that were seen, each once.</summary>
    internal IEnumerable<TransportAddress> Distinct => _seen.OfType<TransportAddress>().Distinct();

    /// <summary>The distance from one mapping to the next; 0 unless <see cref="Ports"/> is sequential.</summary>
    internal int Delta { get; private set; }

    internal void Add(int server, TransportAddress mapped) => _seen[server] ??= mapped;

    /// <summary>What can be said of the next mapping.</summary>
    internal PortPredictability Ports
    {
        get
        {
            Delta = 0;
            TransportAddress[] seen = [.. _seen.OfType<TransportAddress>()];
            if (seen.Length < 2)
                return PortPredictability.Unknown;
            if (seen.All(address => address == seen[0]))
                return PortPredictability.Stable;
            // Another address for another destination, or ports of one destination alike: nothing can be said of a third.
            if (seen.Any(address => address.Address != seen[0].Address))
                return PortPredictability.Random;
            var delta = 0;
            for (var i = 1; i < seen.Length; i++)
            {
                var step = seen[i].Port - seen[i - 1].Port;
                if (step == 0 || Math.Abs(step) > MaxDelta || (delta != 0 && Math.Sign(step) != Math.Sign(delta)))
                    return PortPredictability.Random;
                delta = delta == 0 || Math.Abs(step) < Math.Abs(delta) ? step : delta;
            }

            Delta = delta;
            return PortPredictability.Sequential;
        }
    }
}
