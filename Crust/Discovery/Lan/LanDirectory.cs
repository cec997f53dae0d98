using System.Net;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Lan;

/// <summary>
/// Who is on the LAN: announces this node, answers who looks for it, remembers who announced itself, and looks for peers. A machine: datagrams and time in, datagrams
/// out. What it remembers is a hint and no more: an announcement may be replayed from another address, and whoever is dialled must prove its key. Not thread safe.
/// </summary>
/// <param name="identity">This node's key; it signs the announcements.</param>
/// <param name="network">Announcements of other networks are not looked at.</param>
/// <param name="ports">What this node listens on; without any it is silent, and only looks.</param>
/// <param name="random">For times.</param>
internal sealed class LanDirectory(PeerIdentity identity, NetworkId network, IReadOnlyList<LanPort> ports, DeterministicRandom random)
{
    private readonly Dictionary<PeerId, LanPeer> _peers = [];
    private readonly Dictionary<PeerId, Instant> _wanted = [];
    private readonly TokenBucket _verifications = new(LanLimits.VerificationsPerSecond, LanLimits.VerificationsPerSecond * 2);
    private readonly TokenBucket _wantedVerifications = new(LanLimits.VerificationsPerSecond, LanLimits.VerificationsPerSecond);
    private readonly Queue<byte[]> _out = new();
    private Instant? _announceAt;
    private Instant? _announced;
    private ulong _sequence;
    private int _first;

    /// <summary>Who announced itself lately.</summary>
    internal IEnumerable<PeerId> Peers(Instant now) => _peers.Where(p => p.Value.IsAlive(now)).Select(static p => p.Key);

    /// <summary>Packets that were no announcement or query of the network, or not signed by whom they name.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Begins to announce, and asks who is there.</summary>
    internal void Start(Instant now)
    {
        _out.Enqueue(LanPacket.Query(network, null));
        if (ports.Count > 0)
            _announceAt = now;
    }

    /// <summary>Says that this node leaves.</summary>
    /// <param name="unixMilliseconds">The time of day.</param>
    internal void Stop(ulong unixMilliseconds)
    {
        if (_announced is not null)
            _out.Enqueue(LanPacket.Announce(identity, network, NextSequence(unixMilliseconds), []));
        _announceAt = null;
    }

    /// <summary>Takes a datagram that came from an address of a link of ours.</summary>
    /// <returns>The peer that is now known at an address where it was not before; null when nothing new is known.</returns>
    internal PeerId? Handle(ReadOnlySpan<byte> datagram, IPAddress source, Instant now)
    {
        if (!LanPacket.TryRead(datagram, network, out var packet, out var kind))
        {
            Dropped++;
            return null;
        }

        if (kind == LanPacketKind.Query)
        {
            if (packet.Peer is null || packet.Peer == identity.Id)
                AnnounceSoon(now);
            return null;
        }

        return packet.Peer is { } peer && peer != identity.Id ? Announced(datagram, peer, packet, source, now) : null;
    }

    /// <summary>Looks for a peer until <see cref="Forget"/>; false when it looks for too many.</summary>
    internal bool Want(PeerId peer, Instant now)
    {
        if (_wanted.Count >= LanLimits.MaxWanted && !_wanted.ContainsKey(peer))
            return false;
        _wanted.TryAdd(peer, now);
        return true;
    }

    internal void Forget(PeerId peer) => _wanted.Remove(peer);

    /// <summary>Where the peer is, the address seen last first; empty when nobody knows.</summary>
    internal IReadOnlyList<PeerAddress> AddressesOf(PeerId peer, Instant now) => _peers.TryGetValue(peer, out var known) && known.IsAlive(now) ? known.Addresses(peer) : [];

    /// <summary>When <see cref="HandleTimeout"/> is due.</summary>
    internal Instant? PollTimeout()
    {
        var due = _announceAt;
        foreach (var at in _wanted.Values)
            due = due is { } earlier && earlier <= at ? due : at;
        return due;
    }

    /// <summary>What is due: an announcement, queries.</summary>
    /// <param name="now">Now.</param>
    /// <param name="unixMilliseconds">The time of day, for the sequence of announcements.</param>
    internal void HandleTimeout(Instant now, ulong unixMilliseconds)
    {
        if (_announceAt <= now)
        {
            _out.Enqueue(LanPacket.Announce(identity, network, NextSequence(unixMilliseconds), ports));
            _announced = now;
            var wait = _first < LanLimits.FirstIntervals.Length ? LanLimits.FirstIntervals[_first++] : LanLimits.Interval * (0.8 + (0.4 * random.NextDouble()));
            _announceAt = now + wait;
            Prune(now);
        }

        foreach (var peer in _wanted.Where(w => w.Value <= now).Select(w => w.Key).ToList())
        {
            _out.Enqueue(LanPacket.Query(network, peer));
            _wanted[peer] = now + LanLimits.QueryInterval;
        }
    }

    /// <summary>The next datagram to send to the group, on every link.</summary>
    internal bool PollTransmit(out byte[] datagram) => _out.TryDequeue(out datagram!);

    private ulong NextSequence(ulong unixMilliseconds) => _sequence = Math.Max(unixMilliseconds, _sequence + 1);

    private void AnnounceSoon(Instant now)
    {
        if (_announceAt is not { } due)
            return;
        var soon = now + (LanLimits.AnswerDelay * random.NextDouble());
        if (_announced is { } last && last + LanLimits.MinInterval > soon)
            soon = last + LanLimits.MinInterval;
        if (soon < due)
            _announceAt = soon;
    }

    private PeerId? Announced(ReadOnlySpan<byte> datagram, PeerId peer, in LanAnnouncement packet, IPAddress source, Instant now)
    {
        // A host whose clock was set back begins with lower numbers, and is heard again once its old announcement has had its time.
        var isKnown = _peers.TryGetValue(peer, out var known) && known.IsAlive(now);
        // The same announcement comes over several links and in both families; an older one is a replay.
        if (isKnown && (packet.Sequence < known!.Sequence || (packet.Sequence == known.Sequence && known.IsAt(source))))
            return null;
        if (!isKnown && packet.Ports.Count == 0)
            return null;
        if (!(_wanted.ContainsKey(peer) ? _wantedVerifications : _verifications).TryTake(now) || !LanPacket.Verify(datagram, network))
        {
            Dropped++;
            return null;
        }

        if (packet.Ports.Count == 0)
        {
            _peers.Remove(peer);
            return null;
        }

        if (!isKnown)
        {
            if (!MakeRoom(peer, source, now))
                return null;
            _peers[peer] = known = new LanPeer();
        }

        return known!.Note(packet, source, now) ? peer : null;
    }

    /// <summary>Room for one more peer, at this address.</summary>
    private bool MakeRoom(PeerId peer, IPAddress source, Instant now)
    {
        Prune(now);
        if (_peers.Values.Count(p => p.IsAt(source)) >= LanLimits.MaxPeersOfSource && !_wanted.ContainsKey(peer))
            return false;
        if (_peers.Count >= LanLimits.MaxPeers)
            _peers.Remove(_peers.MinBy(p => p.Value.Seen).Key);
        return true;
    }

    private void Prune(Instant now)
    {
        foreach (var (peer, known) in _peers)
        {
            if (!known.IsAlive(now))
                _peers.Remove(peer);
        }
    }
}
