using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>A peer that a look-up may ask.</summary>
/// <param name="peer">Who.</param>
/// <param name="depth">Which one it is in the row of those who told of each other; 1 for who was known at the beginning.</param>
internal sealed class LookupCandidate(KnownPeer peer, int depth)
{
    internal KnownPeer Peer { get; set; } = peer;

    internal int Depth => depth;

    internal PrefixGroup Group { get; } = peer.Group;

    internal LookupState State { get; set; }

    internal Instant AskedAt { get; set; }
}
