using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>
/// One zone's attached peers. An attachment counts by the peer's signature alone: the gateway that announces it must be the one it names, and must have
/// been running when it was signed. The newest process of a peer wins; within one process the attachment signed last is where it is found, and the earlier
/// ones come back when that ends. Pure; one thread at a time.
/// </summary>
/// <remarks>About 200 bytes a peer, and its record while that is asked for: peers, attachments and gateways lie in place in pools and name one another by number.</remarks>
internal sealed class RoutingLedger(NetworkId network, int zone, Func<PeerId, bool>? mayAttach = null)
{
    /// <summary>Most gateways one process of a peer is known at: its home and those it visits to reach others. Ours.</summary>
    internal const int MaxAttachments = 4;

    /// <summary>
    /// How long a record that the peer's grain gave is told to others before it is asked for again. Ours: a newer one is announced and known at once; this is for one that reached the grain alone.
    /// </summary>
    internal static readonly TimeSpan RecordAge = TimeSpan.FromMinutes(5);

    private readonly PeerTable _peers = new();
    private readonly SlotPool<AttachmentSlot> _attachments = new();
    private readonly GatewayTable _gateways = new();

    /// <summary>Peers in the table.</summary>
    internal int Count => _peers.Count;

    /// <summary>Takes a gateway's sign of life; false when a newer process of it is known. A newer process ends all entries of the older.</summary>
    internal bool Hear(PeerId gateway, ulong gatewayEpoch, DateTimeOffset now)
    {
        var number = _gateways.Find(gateway);
        if (number < 0)
            number = _gateways.Add(gateway, gatewayEpoch);
        if (gatewayEpoch < _gateways[number].Epoch)
            return false;
        if (gatewayEpoch > _gateways[number].Epoch)
        {
            DropPeers(number);
            _gateways[number].Epoch = gatewayEpoch;
        }

        _gateways[number].LastHeard = now;
        return true;
    }

    /// <summary>Judges one announcement of a gateway that was just heard. Those that lost to it are added to <paramref name="losers"/>.</summary>
    internal AnnounceOutcome Announce(PeerId gateway, PeerAnnouncement announcement, DateTimeOffset now, List<Superseded> losers)
    {
        var number = _gateways.Find(gateway);
        if (!Attachment.TryRead(announcement.SignedAttachment, out var attachment) || attachment!.Gateway != gateway || !IsTimely(attachment, _gateways[number].Epoch, now))
            return new AnnounceOutcome(AnnounceResult.Invalid, 0);
        var hash = PeerHash.Of(attachment.Peer);
        var peer = _peers.Find(attachment.Peer, hash);
        // A full announcement repeats statements by the hundred thousand: these very bytes were verified before.
        if ((peer < 0 || !Holds(peer, announcement.SignedAttachment)) && !Attachment.TryVerify(announcement.SignedAttachment, network, gateway, null, out _))
            return new AnnounceOutcome(AnnounceResult.Invalid, 0);
        if (mayAttach?.Invoke(attachment.Peer) == false)
            return new AnnounceOutcome(AnnounceResult.Denied, 0);
        if (peer < 0)
        {
            if (hash.Zone != zone)
                return new AnnounceOutcome(AnnounceResult.WrongZone, 0);
            peer = _peers.Add(attachment.Peer, hash, attachment.Epoch);
        }

        var epoch = _peers[peer].Epoch;
        if (attachment.Epoch < epoch)
            return new AnnounceOutcome(AnnounceResult.Superseded, epoch);
        if (attachment.Epoch > epoch)
        {
            for (var lost = _peers[peer].Attachment; lost >= 0; lost = _attachments[lost].Next)
                losers.Add(new Superseded(_gateways[_attachments[lost].Gateway].Gateway, attachment.Peer, attachment.Epoch));
            ClearAttachments(peer);
            _peers[peer].Epoch = attachment.Epoch;
        }

        Insert(peer, number, attachment.UnixMilliseconds, announcement);
        return new AnnounceOutcome(AnnounceResult.Accepted, attachment.Epoch);
    }

    /// <summary>Ends one attachment, unless the peer's process is newer than the one that left.</summary>
    internal void Withdraw(PeerId gateway, PeerId peer, ulong epoch)
    {
        var number = _gateways.Find(gateway);
        var left = FindPeer(peer);
        if (number >= 0 && left >= 0 && _peers[left].Epoch <= epoch && RemoveAttachment(left, number) && _peers[left].Attachment < 0)
            _peers.Remove(left);
    }

    /// <summary>Ends the entries of all who may not attach any more.</summary>
    internal void DropDenied()
    {
        if (mayAttach is null)
            return;
        var denied = new HashSet<int>();
        foreach (var peer in _peers.Sorted.Numbers)
        {
            if (!mayAttach(_peers[peer].Peer))
                denied.Add(peer);
        }

        foreach (var peer in denied)
            ClearAttachments(peer);
        _peers.Remove(denied);
    }

    internal PeerPresence? Find(PeerId peer)
    {
        var number = FindPeer(peer);
        return number < 0 ? null : PresenceOf(number);
    }

    /// <summary>Where a peer is attached, and its record, where that was remembered and is the newest announced and in its time; null while it must be asked for.</summary>
    internal PeerFinding LookUp(PeerId peer, DateTimeOffset now)
    {
        var number = FindPeer(peer);
        if (number < 0)
            return default;
        ref var slot = ref _peers[number];
        var isGood = slot.SignedRecord is not null && now - slot.RecordTaken < RecordAge
            && PeerRecord.TryPeekTimes(slot.SignedRecord, out var sequence, out var expiry)
            && sequence >= _attachments[slot.Attachment].RecordSequence && (ulong)now.ToUnixTimeMilliseconds() < expiry;
        return new PeerFinding(PresenceOf(number), isGood ? slot.SignedRecord : null);
    }

    /// <summary>Remembers the record that an attached peer's grain gave, which verified it.</summary>
    internal void Remember(PeerId peer, byte[]? signedRecord, DateTimeOffset now)
    {
        if (FindPeer(peer) is not (>= 0 and var number))
            return;
        ref var slot = ref _peers[number];
        slot.SignedRecord = signedRecord;
        slot.RecordTaken = now;
    }

    /// <summary>The nearest attached peers to a position of 32 bytes, nearest first.</summary>
    internal PeerPresence[] FindClosest(ReadOnlySpan<byte> target, int count) =>
        target.Length == PeerZone.HashLength
            ? [.. _peers.Sorted.Closest(PeerHash.Read(target), Math.Clamp(count, 0, IRoutingTableGrain.MaxClosest)).Select(PresenceOf)]
            : [];

    /// <summary>
    /// Takes the directory's list of live gateways. One that runs as a newer process, or that a complete list lacks and that did not announce itself lately,
    /// loses its entries.
    /// </summary>
    internal void Refresh(GatewayLife[] live, bool isComplete, DateTimeOffset now)
    {
        var epochs = live.ToDictionary(life => life.Gateway, life => life.Epoch);
        foreach (var number in _gateways.Numbers())
        {
            if (epochs.TryGetValue(_gateways[number].Gateway, out var epoch))
            {
                if (epoch > _gateways[number].Epoch)
                    Hear(_gateways[number].Gateway, epoch, now);
                else
                    _gateways[number].LastHeard = now;
            }
            else if (isComplete && now - _gateways[number].LastHeard >= Timing.GatewaySilence)
            {
                DropPeers(number);
                _gateways.Remove(number);
            }
        }
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

    private int FindPeer(PeerId peer) => _peers.Find(peer, PeerHash.Of(peer));

    private PeerPresence PresenceOf(int peer)
    {
        ref var slot = ref _peers[peer];
        ref var newest = ref _attachments[slot.Attachment];
        return new PeerPresence(slot.Peer, _gateways[newest.Gateway].Gateway, slot.Epoch, newest.RecordSequence, SignedOf(peer, slot.Attachment));
    }

    private byte[] SignedOf(int peer, int attachment)
    {
        ref var slot = ref _attachments[attachment];
        return new Attachment(_peers[peer].Peer, _gateways[slot.Gateway].Gateway, _peers[peer].Epoch, slot.UnixMilliseconds).Join(slot.Signature);
    }

    /// <summary>True when one of the peer's attachments is these very bytes.</summary>
    private bool Holds(int peer, ReadOnlySpan<byte> signed)
    {
        for (var known = _peers[peer].Attachment; known >= 0; known = _attachments[known].Next)
        {
            if (((ReadOnlySpan<byte>)_attachments[known].Signature).SequenceEqual(signed[^AttachmentSlot.SignatureBytes.Length..]) && signed.SequenceEqual(SignedOf(peer, known)))
                return true;
        }

        return false;
    }

    private void Insert(int peer, int gateway, ulong unixMilliseconds, PeerAnnouncement announcement)
    {
        RemoveAttachment(peer, gateway);
        var added = new AttachmentSlot { Gateway = gateway, UnixMilliseconds = unixMilliseconds, RecordSequence = announcement.RecordSequence };
        announcement.SignedAttachment.AsSpan(announcement.SignedAttachment.Length - AttachmentSlot.SignatureBytes.Length).CopyTo(added.Signature);
        // The one signed last first; of two at one time the one that came last.
        var (before, after) = (-1, _peers[peer].Attachment);
        while (after >= 0 && _attachments[after].UnixMilliseconds > unixMilliseconds)
            (before, after) = (after, _attachments[after].Next);
        added.Next = after;
        var number = _attachments.Add(added);
        if (before < 0)
            _peers[peer].Attachment = number;
        else
            _attachments[before].Next = number;
        // The oldest goes.
        var (last, kept) = (_peers[peer].Attachment, 1);
        for (; kept < MaxAttachments && _attachments[last].Next >= 0; kept++)
            last = _attachments[last].Next;
        if (_attachments[last].Next is >= 0 and var surplus)
        {
            _attachments[last].Next = -1;
            _attachments.Remove(surplus);
        }
    }

    /// <summary>Ends the peer's attachment at a gateway; false when there is none. The peer stays, perhaps without any.</summary>
    private bool RemoveAttachment(int peer, int gateway)
    {
        ref var link = ref _peers[peer].Attachment;
        while (link >= 0 && _attachments[link].Gateway != gateway)
            link = ref _attachments[link].Next;
        if (link < 0)
            return false;
        var number = link;
        link = _attachments[number].Next;
        _attachments.Remove(number);
        return true;
    }

    private void ClearAttachments(int peer)
    {
        while (_peers[peer].Attachment is >= 0 and var first)
        {
            _peers[peer].Attachment = _attachments[first].Next;
            _attachments.Remove(first);
        }
    }

    private void DropPeers(int gateway)
    {
        var gone = new HashSet<int>();
        foreach (var peer in _peers.Sorted.Numbers)
        {
            if (RemoveAttachment(peer, gateway) && _peers[peer].Attachment < 0)
                gone.Add(peer);
        }

        _peers.Remove(gone);
    }
}
