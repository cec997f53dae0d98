using Crust.Identity;

namespace Crust.Discovery.Lan;

/// <summary>What a packet of LAN discovery holds, before anything is verified.</summary>
/// <param name="Peer">Who announces itself, or is looked for; null in a query for anybody. Not checked to be a valid key.</param>
/// <param name="Sequence">Rises with each announcement of a peer: Unix milliseconds where its clock moves on.</param>
/// <param name="Ports">What it listens on; none in a query and in a leave.</param>
internal readonly record struct LanAnnouncement(PeerId? Peer, ulong Sequence, IReadOnlyList<LanPort> Ports);
