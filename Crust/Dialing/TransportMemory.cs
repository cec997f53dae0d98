using System.Net;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;

namespace Crust.Dialing;

/// <summary>
/// Remembers where TCP was tried and another transport worked instead, by peer and by the network that the peer is in, so that the next race gives the head
/// start to what works. Everywhere else TCP has it. A memory ends after <see cref="Lifetime"/>, used or not: the firewall may be gone. Bounded; pure.
/// </summary>
internal sealed class TransportMemory
{
    /// <summary>Most peers, and most networks. Ours: a few dozen bytes each, and what is forgotten costs a head start.</summary>
    internal const int MaxEntries = 1024;

    /// <summary>Ours: a head start each ten minutes is what it costs to find that TCP works again.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const TransportKind Usual = TransportKind.Tcp;

    private readonly Dictionary<PeerId, Entry> _peers = [];
    private readonly Dictionary<AddressPrefix, Entry> _networks = [];

    internal int Count => _peers.Count + _networks.Count;

    /// <summary>The transport that should have the head start towards the peer.</summary>
    internal TransportKind Favoured(PeerId peer, IReadOnlyList<PeerAddress> addresses, Instant now)
    {
        if (Recall(_peers, peer, now) is { } known)
            return known;
        foreach (var address in addresses)
        {
            if (Recall(_networks, AddressPrefix.Of(address.EndPoint.Address), now) is { } likely)
                return likely;
        }

        return Usual;
    }

    /// <summary>A race was won.</summary>
    /// <param name="winner">By this address.</param>
    /// <param name="isContested">True when another transport had been tried by then, and had not answered.</param>
    /// <param name="now">When.</param>
    internal void HandleWon(PeerAddress winner, bool isContested, Instant now)
    {
        var network = AddressPrefix.Of(winner.EndPoint.Address);
        if (winner.Transport == Usual)
        {
            _peers.Remove(winner.Peer);
            _networks.Remove(network);
        }
        else if (isContested)
        {
            Remember(_peers, winner.Peer, winner.Transport, now);
            Remember(_networks, network, winner.Transport, now);
        }
    }

    private static TransportKind? Recall<TKey>(Dictionary<TKey, Entry> entries, TKey key, Instant now)
        where TKey : notnull
    {
        if (!entries.TryGetValue(key, out var entry))
            return null;
        if (now < entry.End)
            return entry.Transport;
        entries.Remove(key);
        return null;
    }

    private static void Remember<TKey>(Dictionary<TKey, Entry> entries, TKey key, TransportKind transport, Instant now)
        where TKey : notnull
    {
        if (entries.Count >= MaxEntries && !entries.ContainsKey(key))
            entries.Remove(entries.MinBy(e => e.Value.End).Key);
        entries[key] = new Entry(transport, now + Lifetime);
    }

    private readonly record struct Entry(TransportKind Transport, Instant End);
}
