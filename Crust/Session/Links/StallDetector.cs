using Crust.Primitives;

namespace Crust.Session.Links;

/// <summary>
/// Suspects the link that carries the session when it gives no sign of life for <c>max(3 SRTT, 1 s)</c>, or 3 s while its round trip is unknown, although the
/// remote owes something, or has chosen none of the links that stand. Each suspicion that led to a move doubles the patience, until a link has proved itself: it has carried the session for
/// longer than that and brings an acknowledgement, or for longer than the patience without doubt and brings one of something that was not begun before it; or until no move followed for a minute.
/// An acknowledgement of what came over the links before proves nothing: a path that is slow for all of them would be left again and again, each time with everything to be repeated.
/// </summary>
internal sealed class StallDetector(Instant start)
{
    private static readonly TimeSpan MinPatience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Patience before there is a round trip: RFC 6298 §2.1 begins with 1 s, and §5.7 with 3 s where that proved too short, as it does over satellites. Ours: a
    /// move repeats everything, so we begin with the longer one.
    /// </summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);

    /// <summary>Ours: above it a slow link and a dead one have had the same chance.</summary>
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(30);

    private const int MaxBackoff = 5;

    /// <summary>Ours: so long a move is remembered against the path.</summary>
    private static readonly TimeSpan DoubtTime = TimeSpan.FromMinutes(1);

    private Instant? _owedSince;
    private Instant? _unchosenSince = start;
    private int _backoff;
    private Instant _backedOffAt;

    /// <summary>True from a suspicion until the link shows life, or another carries the session.</summary>
    internal bool IsStalled { get; private set; }

    /// <summary>When a link was last asked for, or became the active one.</summary>
    internal Instant AskedAt { get; private set; } = start;

    /// <summary>When the suspicion is due; null while nothing is owed.</summary>
    /// <param name="active">The link that carries the session, if any.</param>
    /// <param name="anyStands">Whether any link stands.</param>
    internal Instant? Deadline(SessionLink? active, bool anyStands)
    {
        // A link that nobody chose is owed its nomination.
        if ((active is not null ? _owedSince ?? active.Heartbeat.AwaitingSince : anyStands ? _unchosenSince : null) is not { } owed)
            return null;
        var from = active is { Heartbeat.LastReceived: var last } && last > owed ? last : owed;
        return (from > AskedAt ? from : AskedAt) + Patience(active);
    }

    /// <summary>Whether the remote owes us something on the active link.</summary>
    internal void HandleOwed(bool isOwed, Instant now)
    {
        if (!isOwed)
        {
            _owedSince = null;
            return;
        }

        if (_owedSince is null && now - _backedOffAt >= DoubtTime)
            _backoff = 0;
        _owedSince ??= now;
    }

    /// <summary>The remote acknowledged something: the active link works, whatever we suspected.</summary>
    /// <param name="active">The link that carries the session.</param>
    /// <param name="isNew">Whether it is something that no link before has carried.</param>
    /// <param name="now">Now.</param>
    internal void HandleProgress(SessionLink? active, bool isNew, Instant now)
    {
        if (now - AskedAt >= (isNew ? PatienceWithoutDoubt(active) : Patience(active)))
            _backoff = 0;
        IsStalled = false;
        if (_owedSince is not null)
            _owedSince = now;
    }

    /// <summary>The active link brought something, or the remote is asked to choose another.</summary>
    internal void Clear() => IsStalled = false;

    /// <summary>No link carries the session.</summary>
    internal void HandleNoneActive(Instant now)
    {
        _unchosenSince = now;
        _owedSince = null;
    }

    /// <summary>A link carries the session from now on.</summary>
    internal void HandleActivated(Instant now)
    {
        _unchosenSince = null;
        _owedSince = null;
        IsStalled = false;
        AskedAt = now;
    }

    /// <summary>The suspicion came.</summary>
    internal void Suspect() => IsStalled = true;

    /// <summary>Another link was asked for: the next suspicion counts from here.</summary>
    internal void Asked(Instant now) => AskedAt = now;

    /// <summary>The session leaves a link on suspicion. Should the other be no better, the next suspicion takes longer: one that is only slow must get its chance.</summary>
    internal void BackOff(Instant now) => (_backoff, _backedOffAt) = (Math.Min(_backoff + 1, MaxBackoff), now);

    private TimeSpan Patience(SessionLink? active)
    {
        var patience = PatienceWithoutDoubt(active) * (1 << _backoff);
        return patience < MaxPatience ? patience : MaxPatience;
    }

    private static TimeSpan PatienceWithoutDoubt(SessionLink? active)
    {
        var trip = active?.Heartbeat.Rtt.Smoothed * 3 ?? FirstPatience;
        return trip > MinPatience ? trip : MinPatience;
    }
}
