using Crust.Tests.Older.Contracts;
using Crust.Identity;

namespace Crust.Tests.Older.Grains.Routing;

/// <summary>
/// One zone's attached peers. An attachment counts by the peer's signature alone: the gateway that announces it must be the one it names, and must have
/// been running when it was signed. The newest process of a peer wins; within one process the attachment signed last is where it is found, and the earlier
/// ones come back when that ends. Pure; one thread at a time.
/// </summary>
internal sealed class RoutingLedger(NetworkId network, int zone)
{
    private readonly Dictionary<PeerId, RoutingEntry> _entries = [];
    private readonly Dictionary<PeerId, GatewayTable> _gateways = [];
    private readonly SortedPeers _sorted = new();

    /// <summary>Peers in the table.</summary>
    internal int Count => _entries.Count;

    /// <summary>Takes a gateway's sign of life; false when a newer process of it is known. A newer process ends all entries of the older.</summary>
    internal bool Hear(PeerId gateway, ulong gatewayEpoch, DateTimeOffset now)
    {
        if (!_gateways.TryGetValue(gateway, out var table))
            _gateways[gateway] = table = new GatewayTable { Epoch = gatewayEpoch };
        if (gatewayEpoch < table.Epoch)
            return false;
        if (gatewayEpoch > table.Epoch)
        {
            DropPeers(gateway, table);
            table.Epoch = gatewayEpoch;
        }

        table.LastHeard = now;
        return true;
    }

    /// <summary>Judges one announcement of a gateway that was just heard. Those that lost to it are added to <paramref name="losers"/>.</summary>
    internal AnnounceOutcome Announce(PeerId gateway, PeerAnnouncement announcement, DateTimeOffset now, List<Superseded> losers)
    {
        var table = _gateways[gateway];
        if (!TryRead(announcement.SignedAttachment, out var attachment) || attachment.Gateway != gateway || !IsTimely(attachment, table.Epoch, now))
            return new AnnounceOutcome(AnnounceResult.Invalid, 0);
        var peer = attachment.Peer;
        if (!_entries.TryGetValue(peer, out var entry))
        {
            var hash = PeerZone.Hash(peer);
            if (PeerZone.OfHash(hash) != zone)
                return new AnnounceOutcome(AnnounceResult.WrongZone, 0);
            entry = new RoutingEntry(peer, hash) { Epoch = attachment.Epoch };
            _entries.Add(peer, entry);
            _sorted.Add(entry);
        }

        if (attachment.Epoch < entry.Epoch)
            return new AnnounceOutcome(AnnounceResult.Superseded, entry.Epoch);
        if (attachment.Epoch > entry.Epoch)
        {
            foreach (var lost in entry.Attachments)
            {
                losers.Add(new Superseded(lost.Gateway, peer, attachment.Epoch));
                _gateways[lost.Gateway].Peers.Remove(peer);
            }

            entry.Attachments.Clear();
            entry.Epoch = attachment.Epoch;
        }

        table.Peers.Add(peer);
        Insert(entry, new RoutingAttachment(gateway, attachment.UnixMilliseconds, announcement.RecordSequence, announcement.SignedAttachment));
        return new AnnounceOutcome(AnnounceResult.Accepted, entry.Epoch);
    }

    /// <summary>Ends one attachment, unless the peer's process is newer than the one that left.</summary>
    internal void Withdraw(PeerId gateway, PeerId peer, ulong epoch)
    {
        if (_entries.TryGetValue(peer, out var entry) && entry.Epoch <= epoch && _gateways.TryGetValue(gateway, out var table) && table.Peers.Remove(peer))
            RemoveAttachment(entry, gateway);
    }

    internal PeerPresence? Find(PeerId peer) => _entries.TryGetValue(peer, out var entry) ? entry.ToPresence() : null;

    /// <summary>The nearest attached peers to a position of 32 bytes, nearest first.</summary>
    internal PeerPresence[] FindClosest(ReadOnlySpan<byte> target, int count) =>
        target.Length == PeerZone.HashLength
            ? [.. _sorted.Closest(target, Math.Clamp(count, 0, IRoutingTableGrain.MaxClosest)).Select(entry => entry.ToPresence())]
            : [];

    /// <summary>
    /// Takes the directory's list of live gateways. One that runs as a newer process, or that a complete list lacks and that did not announce itself lately,
    /// loses its entries.
    /// </summary>
    internal void Refresh(GatewayLife[] live, bool isComplete, DateTimeOffset now)
    {
        var epochs = live.ToDictionary(life => life.Gateway, life => life.Epoch);
        foreach (var (gateway, table) in _gateways.ToArray())
        {
            if (epochs.TryGetValue(gateway, out var epoch))
            {
                if (epoch > table.Epoch)
                    Hear(gateway, epoch, now);
                else
                    table.LastHeard = now;
            }
            else if (isComplete && now - table.LastHeard >= Timing.GatewaySilence)
            {
                DropPeers(gateway, table);
                _gateways.Remove(gateway);
            }
        }
    }

    /// <summary>Verifies a statement, unless these very bytes were verified before: a full announcement repeats them by the hundred thousand.</summary>
    private bool TryRead(byte[] signed, out Attachment attachment)
    {
        if (signed.Length == Attachment.SignedLength
            && _entries.TryGetValue(PeerId.FromTrustedBytes(signed.AsSpan(0, PeerId.ByteLength)), out var entry)
            && entry.Attachments.Find(known => known.Signed.AsSpan().SequenceEqual(signed)) is { } same)
        {
            attachment = new Attachment(entry.Peer, same.Gateway, entry.Epoch, same.UnixMilliseconds);
            return true;
        }

        var isValid = Attachment.TryVerify(signed, network, out var verified);
        attachment = verified!;
        return isValid;
    }

    /// <summary>Signed while this process of the gateway was running, by clocks that may differ a little. Not more: peers stay attached for months.</summary>
    private static bool IsTimely(Attachment attachment, ulong gatewayEpoch, DateTimeOffset now)
    {
        var tolerance = (ulong)Attachment.ClockTolerance.TotalMilliseconds;
        var latest = (ulong)now.ToUnixTimeMilliseconds() + tolerance;
        return attachment.UnixMilliseconds <= latest
            && attachment.Epoch <= latest
            && attachment.UnixMilliseconds >= (gatewayEpoch > tolerance ? gatewayEpoch - tolerance : 0);
    }

    private void Insert(RoutingEntry entry, RoutingAttachment attachment)
    {
        entry.Attachments.RemoveAll(known => known.Gateway == attachment.Gateway);
        var index = entry.Attachments.FindIndex(known => known.UnixMilliseconds <= attachment.UnixMilliseconds);
        entry.Attachments.Insert(index < 0 ? entry.Attachments.Count : index, attachment);
        if (entry.Attachments.Count > RoutingEntry.MaxAttachments)
        {
            _gateways[entry.Attachments[^1].Gateway].Peers.Remove(entry.Peer);
            entry.Attachments.RemoveAt(entry.Attachments.Count - 1);
        }
    }

    private void RemoveAttachment(RoutingEntry entry, PeerId gateway)
    {
        entry.Attachments.RemoveAll(known => known.Gateway == gateway);
        if (entry.Attachments.Count > 0)
            return;
        _entries.Remove(entry.Peer);
        _sorted.Remove(entry);
    }

    private void DropPeers(PeerId gateway, GatewayTable table)
    {
        foreach (var peer in table.Peers)
            RemoveAttachment(_entries[peer], gateway);
        table.Peers.Clear();
    }

    private sealed class GatewayTable
    {
        internal ulong Epoch { get; set; }

        internal DateTimeOffset LastHeard { get; set; }

        internal HashSet<PeerId> Peers { get; } = [];
    }
}
