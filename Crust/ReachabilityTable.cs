using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Primitives;

namespace Crust;

/// <summary>
/// The addresses of a node that others might reach, and what dial-backs said of them: which to ask for next, and which to publish. One thread at a time.
/// </summary>
internal sealed class ReachabilityTable
{
    /// <summary>Most candidates. Ours: two routes in, two transports, mapped and observed.</summary>
    internal const int MaxCandidates = 12;

    /// <summary>A good word lasts this long: then it is asked for again. Ours: two handshakes in five minutes cost nobody anything.</summary>
    internal static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    /// <summary>
    /// After a failure, doubled up to the last: routers take a moment to do what they said. What no stranger has dialled yet, likewise, up to <see cref="Again"/>: a gateway that has just begun knows no other.
    /// </summary>
    internal static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(20), LastRetry = TimeSpan.FromMinutes(15);

    private readonly List<Entry> _entries = [];

    /// <summary>All candidates, and what is known of them.</summary>
    internal IReadOnlyList<AddressReachability> All => [.. _entries.Select(e => new AddressReachability(e.Address, e.State, e.Reason, e.Tested))];

    /// <summary>When <see cref="Due"/> gives something again; null: never, as things are.</summary>
    internal Instant? NextDue => _entries.Count == 0 ? null : _entries.Min(e => e.DueAt);

    /// <summary>
    /// What to publish before the host's own addresses, and what behind them. First what is proven, then mapped ports that somebody reached who was no stranger, since a mapping lets in everybody; last what
    /// else such a one reached, where a NAT may keep strangers out.
    /// </summary>
    internal (IReadOnlyList<PeerAddress> First, IReadOnlyList<PeerAddress> Last) Published => (
        [.. Those(ReachabilityState.Proven, isMapped: true), .. Those(ReachabilityState.Proven, isMapped: false), .. Those(ReachabilityState.UnprovenFiltering, isMapped: true)],
        [.. Those(ReachabilityState.UnprovenFiltering, isMapped: false)]);

    /// <summary>Replaces the candidates: what is known of those that stay is kept. One that comes twice is taken as mapped if it is so once.</summary>
    internal void SetCandidates(IEnumerable<PeerAddress> candidates, Instant now)
    {
        var wanted = candidates.OrderBy(a => a.IsMapped ? 0 : 1).DistinctBy(a => (a.Transport, a.EndPoint)).Take(MaxCandidates).ToList();
        _entries.RemoveAll(e => !wanted.Contains(e.Address));
        foreach (var address in wanted.Where(a => _entries.TrueForAll(e => e.Address != a)))
            _entries.Add(new Entry(address) { DueAt = now });
    }

    /// <summary>Everything is to be asked again, since somebody else answers now. What is known counts until then.</summary>
    internal void Doubt(Instant now) => _entries.ForEach(e => e.DueAt = now);

    /// <summary>What failed is to be asked for again, since a router has opened something.</summary>
    internal void Hope(Instant now) => _entries.FindAll(e => e.State == ReachabilityState.Failed).ForEach(e => e.DueAt = now);

    /// <summary>
    /// The next to ask a gateway for, on one IP: at most <see cref="GatewayCodec.MaxDialBacks"/>. What a router mapped goes apart from the rest: it mostly answers at once, and the gateway answers for all when the
    /// last dial is over, which takes seconds where nobody is.
    /// </summary>
    internal IReadOnlyList<PeerAddress> Due(Instant now)
    {
        var due = _entries.Where(e => e.DueAt <= now).Select(e => e.Address).ToList();
        if (due.Exists(a => a.IsMapped))
            due.RemoveAll(a => !a.IsMapped);
        return due.Count == 0 ? [] : [.. due.Where(a => a.EndPoint.Address.Equals(due[0].EndPoint.Address)).Take(GatewayCodec.MaxDialBacks)];
    }

    /// <summary>Takes the word of a dial-back.</summary>
    internal void Handle(PeerAddress address, ReachabilityState state, string reason, DateTimeOffset tested, Instant now)
    {
        if (_entries.Find(e => e.Address == address) is not { } entry)
            return;
        var last = state == ReachabilityState.Failed ? LastRetry : Again;
        entry.Retry = entry.State != state ? FirstRetry : entry.Retry * 2 < last ? entry.Retry * 2 : last;
        (entry.State, entry.Reason, entry.Tested) = (state, reason, tested);
        entry.DueAt = now + (state == ReachabilityState.Proven ? Again : entry.Retry);
    }

    /// <summary>No answer came: what was known counts on, and it is asked for again after a while.</summary>
    internal void Postpone(IReadOnlyList<PeerAddress> addresses, Instant until)
    {
        foreach (var entry in _entries.Where(e => addresses.Contains(e.Address)))
            entry.DueAt = until;
    }

    private IEnumerable<PeerAddress> Those(ReachabilityState state, bool isMapped) => _entries.Where(e => e.State == state && e.Address.IsMapped == isMapped).Select(e => e.Address);

    private sealed class Entry(PeerAddress address)
    {
        internal PeerAddress Address => address;

        internal ReachabilityState State { get; set; }

        internal string Reason { get; set; } = "not tried yet";

        internal DateTimeOffset? Tested { get; set; }

        internal TimeSpan Retry { get; set; } = FirstRetry;

        internal Instant DueAt { get; set; }
    }
}
