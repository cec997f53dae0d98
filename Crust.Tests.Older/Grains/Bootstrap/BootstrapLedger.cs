using Crust.Discovery.Bootstrap;
using Crust.Tests.Older.Contracts;
using Crust.Identity;

namespace Crust.Tests.Older.Grains.Bootstrap;

/// <summary>
/// One shard of the bootstrap cache. A peer enters by three signatures: its own record that lists the addresses and accepts to be told, its own attachment to a gateway, and that gateway's
/// word that a dial reached it there. From then on only that gateway's word counts, until the peer attaches elsewhere or the gateway is gone. Bounded in all, by prefix and by gateway; whoever
/// is there longest stays. Pure; one thread at a time.
/// </summary>
internal sealed class BootstrapLedger(NetworkId network, int shard)
{
    private readonly Dictionary<PeerId, LedgerEntry> _entries = [];
    private HashSet<PeerId>? _gateways;

    internal int Count => _entries.Count;

    /// <summary>Changes with every change; it begins with the clock, so that a new life does not repeat the numbers of the last.</summary>
    internal ulong Version { get; private set; } = 1;

    /// <summary>All entries.</summary>
    internal BootstrapEntry[] Entries => [.. _entries.Values.Select(e => e.Entry)];

    /// <summary>
    /// Takes what storage holds: at the beginning, and after a write whose fate is unknown. Of two entries of a peer the one that was reported on last stays. What does not verify, belongs elsewhere
    /// or has aged is dropped.
    /// </summary>
    internal void Load(IEnumerable<BootstrapEntry> stored, DateTimeOffset now)
    {
        Version = Math.Max(Version + 1, (ulong)now.ToUnixTimeMilliseconds() << 10);
        foreach (var entry in stored)
        {
            if (_entries.Count < IBootstrapCacheGrain.MaxEntries && entry.SignedRecord.Length <= IBootstrapCacheGrain.MaxRecordLength
                && PeerRecord.TryVerify(entry.SignedRecord, network, out var record)
                && GrainKeys.BootstrapShardOf(record!.Peer) == shard && entry.Proven != 0 && LedgerEntry.AreOf(record, entry.Proven)
                && (!_entries.TryGetValue(record.Peer, out var known) || known.Entry.LastReport < entry.LastReport))
                _entries[record.Peer] = new LedgerEntry(entry, record);
        }

        Prune(now);
    }

    /// <summary>Takes the directory's list. While it has none, every gateway's word counts.</summary>
    internal void SetGateways(IEnumerable<PeerId> live)
    {
        var gateways = live.ToHashSet();
        _gateways = gateways.Count > 0 ? gateways : _gateways;
    }

    /// <summary>Drops what has aged: expired records, entries that nobody dialled for long. True when there was any.</summary>
    internal bool Prune(DateTimeOffset now)
    {
        var oldest = (ulong)Math.Max(0, (now - BootstrapRules.MaxAge).ToUnixTimeMilliseconds());
        var aged = _entries.Values.Where(e => now >= e.Record.Expiry || e.Entry.LastProven < oldest).ToList();
        foreach (var entry in aged)
            Remove(entry.Peer);
        return aged.Count > 0;
    }

    /// <summary>Judges a report.</summary>
    internal BootstrapResult Report(BootstrapReport report, DateTimeOffset now)
    {
        if (!ReachabilityProof.TryVerify(report.SignedProof, network, out var proof) || !proof!.IsFresh(now) || GrainKeys.BootstrapShardOf(proof.Peer) != shard)
            return BootstrapResult.Invalid;
        if (_gateways is not null && !_gateways.Contains(proof.Gateway))
            return BootstrapResult.UnknownGateway;
        var known = _entries.GetValueOrDefault(proof.Peer);
        // The same word again changes nothing; an older one tells of the past.
        if (known is not null && proof.UnixMilliseconds <= known.Entry.LastReport)
            return known.Entry.Voucher == proof.Gateway && proof.UnixMilliseconds == known.Entry.LastReport ? ResultOf(known) : BootstrapResult.Invalid;
        if (!MayVouch(proof, known, report.SignedAttachment, now, out var attached))
            return known is null ? (proof.Reached == 0 ? BootstrapResult.Unknown : BootstrapResult.Invalid) : BootstrapResult.OtherVoucher;
        if (report.SignedRecord.Length == 0 && known is null)
            return proof.Reached == 0 ? BootstrapResult.Unknown : BootstrapResult.Invalid;
        var (signed, record) = (known?.Entry.SignedRecord ?? [], known?.Record);
        if (report.SignedRecord.Length > 0)
        {
            if (report.SignedRecord.Length > IBootstrapCacheGrain.MaxRecordLength || !PeerRecord.TryVerify(report.SignedRecord, network, out record)
                || record!.Peer != proof.Peer || record.Sequence < (known?.Record.Sequence ?? 0))
                return BootstrapResult.Invalid;
            signed = report.SignedRecord;
        }

        if (record!.Sequence != proof.Sequence || !record.IsCurrent(now) || !LedgerEntry.AreOf(record, proof.Dialled))
            return BootstrapResult.Invalid;
        if ((record.Capabilities & PeerCapabilities.AcceptsBootstrap) == 0)
            return Remove(proof.Peer) ? BootstrapResult.Removed : BootstrapResult.NotAccepting;
        var before = known is null ? (ushort)0 : LedgerEntry.Translate(known.Entry.Proven, known.Record, record);
        var proven = (ushort)(before & ~proof.Dialled | proof.Reached);
        return proven == 0 ? Fail(proof, known, attached) : Succeed(proof, known, new LedgerEntry(Next(proof, known, signed, proven, before, attached, now), record), now);
    }

    private static BootstrapResult ResultOf(LedgerEntry entry) => entry.Entry.FailuresInRow == 0 ? BootstrapResult.Proven : BootstrapResult.Demoted;

    /// <summary>
    /// The gateway vouches already, or nobody who lives does, or the peer has attached to it, and later than to the one that vouches. <paramref name="attached"/>: when.
    /// </summary>
    private bool MayVouch(ReachabilityProof proof, LedgerEntry? known, byte[] signedAttachment, DateTimeOffset now, out ulong attached)
    {
        attached = known?.Entry.Attached ?? 0;
        if (Attachment.TryVerify(signedAttachment, network, out var attachment) && attachment!.Peer == proof.Peer && attachment.Gateway == proof.Gateway
            && attachment.IsFresh(now) && attachment.UnixMilliseconds >= attached)
        {
            attached = attachment.UnixMilliseconds;
            return true;
        }

        return known is not null && (known.Entry.Voucher == proof.Gateway || _gateways?.Contains(known.Entry.Voucher) == false);
    }

    private static BootstrapEntry Next(ReachabilityProof proof, LedgerEntry? known, byte[] signed, ushort proven, ushort before, ulong attached, DateTimeOffset now)
    {
        var (old, time) = (known?.Entry, (ulong)now.ToUnixTimeMilliseconds());
        var isReached = proof.Reached != 0;
        // What was proven once for an address stays proven: the filter that keeps strangers out lies with the router, not with who dials today.
        var isIndependent = (proof.IsIndependent && isReached) || (old?.IsIndependent == true && (before & proven) != 0);
        return new BootstrapEntry(
            signed, proven, isIndependent, proof.Gateway,
            old is not null && (!isReached || old.IsSampled(now)) ? old.ProvenSince : time,
            isReached ? time : old!.LastProven,
            proof.UnixMilliseconds,
            Counted(old?.Successes, isReached), Counted(old?.Failures, !isReached),
            isReached ? 0 : old!.FailuresInRow, attached);
    }

    private static uint Counted(uint? before, bool isOneMore) => isOneMore && before != uint.MaxValue ? (before ?? 0) + 1 : before ?? 0;

    private BootstrapResult Fail(ReachabilityProof proof, LedgerEntry? known, ulong attached)
    {
        if (known is null)
            return BootstrapResult.Unknown;
        var entry = known.Entry with
        {
            Voucher = proof.Gateway, Attached = attached, LastReport = proof.UnixMilliseconds,
            Failures = Counted(known.Entry.Failures, true), FailuresInRow = known.Entry.FailuresInRow + 1,
        };
        if (entry.FailuresInRow >= BootstrapRules.MaxFailures)
        {
            Remove(proof.Peer);
            return BootstrapResult.Removed;
        }

        Set(known with { Entry = entry });
        return BootstrapResult.Demoted;
    }

    private BootstrapResult Succeed(ReachabilityProof proof, LedgerEntry? known, LedgerEntry next, DateTimeOffset now)
    {
        if (!MakeRoom(e => e.Prefix == next.Prefix, BootstrapRules.MaxPerPrefix, next.Peer, now)
            || !MakeRoom(e => e.Entry.Voucher == proof.Gateway, BootstrapRules.MaxPerVoucher, next.Peer, now)
            || (known is null && !MakeRoomInAll(next, now)))
            return BootstrapResult.Full;
        Set(next);
        return ResultOf(next);
    }

    /// <summary>Makes room among some entries by dropping a weak one; true when there is room.</summary>
    private bool MakeRoom(Func<LedgerEntry, bool> isOne, int most, PeerId peer, DateTimeOffset now)
    {
        var others = _entries.Values.Where(e => e.Peer != peer && isOne(e)).ToList();
        return others.Count < most || RemoveWeakest(others, now);
    }

    /// <summary>Room in the shard: in place of a weak entry, else of the youngest of the prefix that has most, if the newcomer's has less.</summary>
    private bool MakeRoomInAll(LedgerEntry next, DateTimeOffset now)
    {
        if (_entries.Count < IBootstrapCacheGrain.MaxEntries || RemoveWeakest(_entries.Values, now))
            return true;
        var crowd = _entries.Values.GroupBy(e => e.Prefix).MaxBy(g => g.Count())!;
        if (crowd.Count() <= _entries.Values.Count(e => e.Prefix == next.Prefix) + 1)
            return false;
        Remove(crowd.MaxBy(e => e.Entry.ProvenSince)!.Peer);
        return true;
    }

    private bool RemoveWeakest(IEnumerable<LedgerEntry> among, DateTimeOffset now) =>
        among.Where(e => e.IsWeak(now)).MinBy(e => e.Entry.LastProven) is { } weakest && Remove(weakest.Peer);

    private void Set(LedgerEntry entry)
    {
        _entries[entry.Peer] = entry;
        Version++;
    }

    private bool Remove(PeerId peer)
    {
        if (!_entries.Remove(peer))
            return false;
        Version++;
        return true;
    }
}
