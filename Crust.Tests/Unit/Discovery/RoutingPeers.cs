using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Tests.Unit.Discovery;

/// <summary>Peers for tests of tables and look-ups: without keys, with records that nobody signed.</summary>
internal sealed class RoutingPeers(ulong seed)
{
    internal static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

    private readonly DeterministicRandom _random = new(seed);
    private int _prefix;

    internal DeterministicRandom Random => _random;

    internal PeerId DrawId()
    {
        var bytes = new byte[PeerId.ByteLength];
        _random.Fill(bytes);
        return PeerId.FromTrustedBytes(bytes);
    }

    /// <summary>A peer in a /24 of its own, or at the address given; null for one that lists none.</summary>
    internal KnownPeer Draw(string? address = "", ulong sequence = 1, PeerId? id = null)
    {
        var peer = id ?? DrawId();
        var ip = address is null ? null : address.Length > 0 ? IPAddress.Parse(address) : new IPAddress([20, (byte)(++_prefix >> 8), (byte)(_prefix & 0xFF), 1]);
        PeerAddress[] addresses = ip is null ? [] : [new PeerAddress(TransportKind.Utp, new IPEndPoint(ip, 4000), peer)];
        return KnownPeer.FromVerified(new PeerRecord(peer, sequence, Noon + TimeSpan.FromHours(20), 0, addresses), []);
    }

    /// <summary>A peer with so many leading bits in common with a place.</summary>
    internal KnownPeer DrawIn(Position place, int commonBits, string? address = "")
    {
        while (true)
        {
            var id = DrawId();
            if (place.CommonBits(Position.Of(id)) == commonBits)
                return Draw(address, id: id);
        }
    }
}
