using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>A process of a peer that lost to a newer one.</summary>
internal readonly record struct Superseded(PeerId Gateway, PeerId Peer, ulong ByEpoch);
