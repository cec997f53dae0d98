using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>A mapping of a <see cref="SimulatedNat"/>.</summary>
internal sealed class NatMapping(TransportAddress inside, TransportAddress external, TransportAddress? destination)
{
    internal TransportAddress Inside => inside;

    internal TransportAddress External => external;

    /// <summary>Whom it is for; null when for everybody.</summary>
    internal TransportAddress? Destination => destination;

    internal Instant LastOut { get; set; }

    /// <summary>Whom it was used for.</summary>
    internal HashSet<TransportAddress> SentTo { get; } = [];
}
