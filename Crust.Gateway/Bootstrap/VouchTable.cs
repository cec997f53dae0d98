using Crust.Cryptography;
using Crust.Grains.Abstractions;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Gateway.Bootstrap;

/// <summary>
/// The peers whose reachability one gateway vouches for, or may soon: whom to dial when, and what to report. A peer gets in when it attaches; it is reported once a dial-back that it asked for
/// reached an address which its record lists; from then on it is dialled each minute, at once when its session ends, soon after a failure, until the shard has removed it. Peers whose gateway is
/// gone are taken over. Pure; one thread at a time.
/// </summary>
internal sealed class VouchTable(PeerId self, DeterministicRandom random)
{
    private readonly Dictionary<PeerId, VouchedPeer> _peers = [];
    private readonly PriorityQueue<VouchedPeer, long> _due = new();

    internal int Count => _peers.Count;

    /// <summary>True for a peer that the last dial from here did not reach: it is not told to others, whatever was read before.</summary>
    internal bool HasFailed(PeerId peer) => _peers.TryGetValue(peer, out var known) && known.Failures > 0;

    /// <summary>A peer attached, or attached again: with a record that may list what a dial-back reached.</summary>
    /// <param name="record">The peer's record.</param>
    /// <param name="signedRecord">The same as it came.</param>
    /// <param name="signedAttachment">Its statement that it is attached here.</param>
    /// <param name="isNew">Whether it is to be kept track of from now on; else this tells of those that are.</param>
    /// <param name="now">Now.</param>
    internal VouchReport? HandleAttached(PeerRecord record, byte[] signedRecord, byte[] signedAttachment, bool isNew, Instant now)
    {
        if (isNew ? !TryGet(record.Peer, out var peer) : !_peers.TryGetValue(record.Peer, out peer))
            return null;
        var isNews = !peer.IsAttached || record.Sequence != peer.Record.Sequence;
        (peer.Record, peer.SignedRecord, peer.SignedAttachment, peer.IsAttached) = (record, signedRecord, signedAttachment, true);
        if (!isNews)
            return null;
        if (!Accepts(record))
        {
            if (!peer.IsReported)
                return null;
            // The shard removes it by the record; the rest is for form.
            Forget(peer);
            return record.Addresses.Count == 0 ? null : new VouchReport(record, signedRecord, signedAttachment, 1, 0, false);
        }

        var (reached, independent, at) = ReachedOf(peer);
        if (reached == 0 || peer.Failures > 0)
            return null;
        if (now - at <= VouchRules.DialCounts)
            return Report(peer, reached, reached, independent, now);
        if (!peer.IsDialled)
            Schedule(peer, now + VouchRules.AfterDetaching * random.NextDouble());
        return null;
    }

    /// <summary>The session of a peer ended.</summary>
    internal void HandleDetached(PeerId id, Instant now)
    {
        if (!_peers.TryGetValue(id, out var peer))
            return;
        peer.IsAttached = false;
        if (!peer.IsReported)
            _peers.Remove(id);
        else if (!peer.IsDialled)
            Schedule(peer, now + VouchRules.AfterDetaching * random.NextDouble());
    }

    /// <summary>A dial is over: one that the peer asked for, or one of ours.</summary>
    internal VouchReport? HandleDialled(PeerId id, IReadOnlyList<PeerAddress> addresses, IReadOnlyList<DialBackOutcome> outcomes, bool isIndependent, IReadOnlyList<string>? contacted, Instant now)
    {
        if (!_peers.TryGetValue(id, out var peer))
            return null;
        peer.IsDialled = false;
        peer.Contacted = contacted ?? peer.Contacted;
        for (var i = 0; i < addresses.Count && i < outcomes.Count; i++)
        {
            var at = (addresses[i].Transport, addresses[i].EndPoint);
            if (outcomes[i] == DialBackOutcome.Reached)
            {
                peer.Reached[at] = (isIndependent || peer.Reached.GetValueOrDefault(at).IsIndependent, now);
                peer.Missed.Remove(at);
                continue;
            }

            peer.Missed.Add(at);
            if (!peer.IsReported || peer.Reached.Count > 1)
                peer.Reached.Remove(at);
        }

        // A peer may ask for any port of its IP.
        peer.Missed.RemoveWhere(at => !peer.Record.Addresses.Any(a => (a.Transport, a.EndPoint).Equals(at)));
        while (peer.Reached.Count > PeerRecord.MaxAddresses)
            peer.Reached.Remove(peer.Reached.MinBy(r => r.Value.At.Microseconds).Key);
        var dialled = SetOf(peer.Record, addresses, _ => true);
        var missed = SetOf(peer.Record, [.. peer.Record.Addresses.Where(a => peer.Missed.Contains((a.Transport, a.EndPoint)))], _ => true);
        var reached = SetOf(peer.Record, addresses, i => i < outcomes.Count && outcomes[i] == DialBackOutcome.Reached);
        if (Accepts(peer.Record) && dialled != 0 && (reached != 0 || peer.IsReported))
            return Report(peer, (ushort)(dialled | missed), reached, isIndependent, now);
        if (peer.IsReported && peer.Due is null)
            Schedule(peer, now + Jittered(VouchRules.Interval));
        return null;
    }

    /// <summary>A dial could not be made.</summary>
    internal void HandleNotDialled(PeerId id, Instant now)
    {
        if (!_peers.TryGetValue(id, out var peer))
            return;
        peer.IsDialled = false;
        Schedule(peer, now + Jittered(VouchRules.AfterRefusal));
    }

    /// <summary>The shard's answer to a report; null: there was none.</summary>
    internal void HandleResult(PeerId id, BootstrapResult? result, Instant now)
    {
        if (!_peers.TryGetValue(id, out var peer))
            return;
        switch (result)
        {
            case BootstrapResult.Proven:
                // Also where one address was not reached but others are proven still.
                peer.Failures = 0;
                break;
            case BootstrapResult.Demoted:
                break;
            case null or BootstrapResult.UnknownGateway or BootstrapResult.StorageUnavailable:
                Schedule(peer, now + Jittered(VouchRules.AfterRefusal));
                break;
            default:
                Forget(peer);
                break;
        }
    }

    /// <summary>Takes over what the cache says this gateway is to look after: its own peers from before it restarted, and those of gateways that are gone.</summary>
    internal void Adopt(BootstrapEntry entry, PeerRecord record, Instant now)
    {
        if (_peers.TryGetValue(record.Peer, out var known) && known.IsReported)
            return;
        if (!TryGet(record.Peer, out var peer))
            return;
        if (!peer.IsAttached)
            (peer.Record, peer.SignedRecord) = (record, entry.SignedRecord);
        for (var i = 0; i < record.Addresses.Count; i++)
        {
            if ((entry.Proven & 1 << i) != 0)
                peer.Reached.TryAdd((record.Addresses[i].Transport, record.Addresses[i].EndPoint), (entry.IsIndependent, now));
        }

        peer.IsReported = true;
        Schedule(peer, now + VouchRules.AfterAdoption * random.NextDouble());
    }

    /// <summary>When <see cref="TryNextDial"/> gives something again; null: never, as things are.</summary>
    internal Instant? NextDue => _due.TryPeek(out _, out var at) ? new Instant(at) : null;

    /// <summary>The next peer to dial, at up to three addresses on one IP.</summary>
    internal bool TryNextDial(Instant now, out IReadOnlyList<PeerAddress> addresses, out IReadOnlyList<string> contacted)
    {
        (addresses, contacted) = ([], []);
        while (_due.TryPeek(out var peer, out var at) && at <= now.Microseconds)
        {
            _due.Dequeue();
            // An entry of the queue whose time was changed since is void.
            if (peer.Due is not { } due || due.Microseconds != at || !_peers.TryGetValue(peer.Peer, out var current) || current != peer)
                continue;
            peer.Due = null;
            var known = peer.Record.Addresses.Where(a => peer.Reached.ContainsKey((a.Transport, a.EndPoint))).ToList();
            if (known.Count == 0)
            {
                Forget(peer);
                continue;
            }

            // Of several IPs another one each time.
            var ips = known.Select(a => a.EndPoint.Address).Distinct().ToList();
            var ip = ips[random.Next(ips.Count)];
            addresses = [.. known.Where(a => a.EndPoint.Address.Equals(ip)).Take(GatewayCodec.MaxDialBacks)];
            contacted = peer.Contacted;
            peer.IsDialled = true;
            return true;
        }

        return false;
    }

    /// <summary>Which of the live gateways looks after a peer whose own is gone: the same for all who see the same gateways.</summary>
    internal bool IsHeir(PeerId peer, IReadOnlyList<PeerId> live)
    {
        var (best, bestHash) = (default(PeerId), Array.Empty<byte>());
        Span<byte> both = stackalloc byte[PeerId.ByteLength * 2];
        peer.CopyTo(both);
        foreach (var gateway in live)
        {
            gateway.CopyTo(both[PeerId.ByteLength..]);
            var hash = Blake3.Hash(both);
            if (hash.AsSpan().SequenceCompareTo(bestHash) > 0)
                (best, bestHash) = (gateway, hash);
        }

        return bestHash.Length > 0 && best == self;
    }

    private static bool Accepts(PeerRecord record) => (record.Capabilities & PeerCapabilities.AcceptsBootstrap) != 0;

    private static ushort SetOf(PeerRecord record, IReadOnlyList<PeerAddress> addresses, Func<int, bool> isIn)
    {
        var set = 0;
        for (var i = 0; i < addresses.Count; i++)
        {
            for (var j = 0; j < record.Addresses.Count; j++)
            {
                if (isIn(i) && record.Addresses[j].Transport == addresses[i].Transport && record.Addresses[j].EndPoint.Equals(addresses[i].EndPoint))
                    set |= 1 << j;
            }
        }

        return (ushort)set;
    }

    private static (ushort Set, bool IsIndependent, Instant At) ReachedOf(VouchedPeer peer)
    {
        var (set, isIndependent, at) = (0, false, default(Instant));
        for (var i = 0; i < peer.Record.Addresses.Count; i++)
        {
            var address = peer.Record.Addresses[i];
            if (!peer.Reached.TryGetValue((address.Transport, address.EndPoint), out var known))
                continue;
            set |= 1 << i;
            isIndependent |= known.IsIndependent;
            at = known.At > at ? known.At : at;
        }

        return ((ushort)set, isIndependent, at);
    }

    private VouchReport Report(VouchedPeer peer, ushort dialled, ushort reached, bool isIndependent, Instant now)
    {
        peer.IsReported = true;
        // A dial of some addresses says nothing of the others that were reached.
        if (reached != 0)
            peer.Failures = 0;
        else if (!peer.Record.Addresses.Any(a => peer.Reached.ContainsKey((a.Transport, a.EndPoint)) && !peer.Missed.Contains((a.Transport, a.EndPoint))))
            peer.Failures++;
        Schedule(peer, now + Jittered(reached != 0 ? VouchRules.Interval : VouchRules.AfterFailure * Math.Clamp(peer.Failures, 1, 2)));
        return new VouchReport(peer.Record, peer.SignedRecord, peer.SignedAttachment, dialled, reached, isIndependent);
    }

    private bool TryGet(PeerId id, out VouchedPeer peer)
    {
        if (_peers.TryGetValue(id, out peer!))
            return true;
        if (_peers.Count >= VouchRules.Capacity)
            return false;
        _peers.Add(id, peer = new VouchedPeer(id));
        return true;
    }

    /// <summary>The shard does not have it, or not from us. One that is attached may come in again with its next dial-back.</summary>
    private void Forget(VouchedPeer peer)
    {
        (peer.IsReported, peer.Failures, peer.Due) = (false, 0, null);
        if (!peer.IsAttached)
            _peers.Remove(peer.Peer);
    }

    private void Schedule(VouchedPeer peer, Instant due)
    {
        peer.Due = due;
        _due.Enqueue(peer, due.Microseconds);
    }

    private TimeSpan Jittered(TimeSpan interval) => interval * (VouchRules.MinJitter + (VouchRules.MaxJitter - VouchRules.MinJitter) * random.NextDouble());
}
