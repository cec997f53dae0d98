using Crust.Identity;

namespace Crust;

/// <summary>What a gateway says of a peer, checked.</summary>
/// <param name="Record">Its own record.</param>
/// <param name="Home">Addresses of the gateway that it is attached to, best first; none when no circuit leads to it.</param>
/// <param name="Token">Our gateway's word for us, for that gateway; perhaps empty.</param>
internal sealed record FoundPeer(PeerRecord Record, IReadOnlyList<PeerAddress> Home, byte[] Token);
