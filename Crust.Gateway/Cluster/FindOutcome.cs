using Crust.Client;

namespace Crust.Gateway.Cluster;

/// <summary>What is known of a peer.</summary>
/// <param name="Status">Where the answer comes from.</param>
/// <param name="Lookup">The answer; null when nothing is known.</param>
internal readonly record struct FindOutcome(FindStatus Status, PeerLookup? Lookup);
