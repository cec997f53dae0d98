using System.Net;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Session.Admission;

/// <summary>
/// Decides who may begin a handshake: a token bucket for each prefix, asked before any Diffie-Hellman, and one for each peer, asked as soon as message 1
/// tells who calls. A valid first message costs about 0.3 ms, so the defaults leave most of a core to honest peers. Pure; one thread at a time.
/// </summary>
/// <remarks>
/// The peer's bucket is the peer's <em>in one prefix</em>: message 1 can be replayed, and a replay from elsewhere must not use up the tokens of the peer
/// itself. Nothing is lost by it: whoever has many prefixes could as well make many identities.
/// </remarks>
internal sealed class HandshakeAdmission(AdmissionLimits limits)
{
    private readonly BucketTable<AddressPrefix> _prefixes = new(limits.PerSecond, limits.Burst, limits.MaxPrefixes);
    private readonly BucketTable<(PeerId, AddressPrefix)> _peers = new(limits.PeerPerSecond, limits.PeerBurst, limits.MaxPeers);

    /// <summary>Links refused by their prefix so far.</summary>
    internal long RefusedPrefixes { get; private set; }

    /// <summary>Handshakes refused by their peer so far.</summary>
    internal long RefusedPeers { get; private set; }

    /// <summary>Takes one handshake of the address's prefix.</summary>
    internal bool TryBegin(IPAddress remote, Instant now)
    {
        if (_prefixes.TryTake(AddressPrefix.Of(remote), now))
            return true;
        RefusedPrefixes++;
        return false;
    }

    /// <summary>Takes one handshake of the peer, which has proven its key in message 1 or whose message 1 was replayed.</summary>
    internal bool TryBegin(PeerId peer, IPAddress remote, Instant now)
    {
        var prefix = AddressPrefix.Of(remote);
        if ((limits.ExemptsLoopback && prefix.IsLoopback) || _peers.TryTake((peer, prefix), now))
            return true;
        RefusedPeers++;
        return false;
    }
}
