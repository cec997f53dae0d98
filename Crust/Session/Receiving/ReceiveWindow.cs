using Crust.Primitives;

namespace Crust.Session.Receiving;

/// <summary>
/// How much of one kind (messages, or streams, or one stream) the remote may send before the application has consumed: sums of cost since the session
/// began. The window doubles when it, and not the path, holds the remote back: when a whole one was consumed within two round trips, or, while it is small,
/// when everything that came is consumed and the remote has spent what it was told of. What was begun may end although the window is full, and takes it no further
/// than the longest entries of all priorities. What grew, and what is held beyond the window, counts against the memory of the process.
/// </summary>
internal sealed class ReceiveWindow
{
    /// <summary>Round trips below it are not measured well enough to wait for. Ours.</summary>
    private static readonly TimeSpan MinRoundTrip = TimeSpan.FromMilliseconds(1);

    /// <summary>Handlers consume in bursts, whose speed tells nothing: it is taken over so much time at least. Ours.</summary>
    private static readonly TimeSpan MinMeasured = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// So far a window grows whatever the time: two ends that must take turns spend more on waiting for each other's threads than this memory is worth. Ours.
    /// </summary>
    private const long MaxStarved = 4 << 20;

    /// <summary>
    /// Credit beyond the window, at most: what was begun in every priority, if each is the longest. Once all that is whole is consumed, what is begun needs no more; and a
    /// remote that leaves one entry half sent must not have credit for whatever it sends meanwhile.
    /// </summary>
    private readonly long _maxBeyond;

    private readonly SessionLimits _limits;
    private readonly bool _isWithinAnother;
    private readonly long _initial;
    private readonly long _max;
    private long _granted;
    private long _received;
    private long _consumed;
    private long _promised;
    private long _returned;
    private bool _isOver;
    private long _measuredFrom;
    private Instant? _measuredSince;

    /// <param name="limits">Where growth comes from.</param>
    /// <param name="initial">What the remote may send before it hears from us.</param>
    /// <param name="max">Largest window.</param>
    /// <param name="longest">Cost of the longest entry.</param>
    /// <param name="isWithinAnother">True when a window that all share bounds what this one holds, so that only that one takes memory.</param>
    internal ReceiveWindow(SessionLimits limits, long initial, long max, long longest, bool isWithinAnother = false)
    {
        _maxBeyond = WireLimits.PriorityCount * longest;
        (_limits, _initial, _max, _isWithinAnother) = (limits, initial, max, isWithinAnother);
        _granted = Size = initial;
    }

    /// <summary>The window now, in cost.</summary>
    internal long Size { get; private set; }

    /// <summary>What was received and not consumed.</summary>
    internal long Held => _received - _consumed;

    /// <summary>What the remote may send of its own accord before it hears from us again, what it has on its way included.</summary>
    internal long Open => Granted - _received;

    /// <summary>What the remote may know: the sum that it may send in all. Never falls.</summary>
    internal long Granted => Math.Max(_granted, Math.Max(_consumed + Size, Needed));

    /// <summary>What is held beyond the window, since it had to end once it was begun: never refused, but it counts like what grew.</summary>
    internal long Beyond { get; private set; }

    /// <summary>True when the remote should hear of more credit: a quarter window of it, or what a begun entry still needs.</summary>
    internal bool IsUpdateDue => Granted - _granted >= Size / 4 || Needed > _granted;

    /// <summary>What begun entries need to end.</summary>
    private long Needed => Math.Min(_received + _promised, _consumed + Size + _maxBeyond);

    /// <summary>True when there is any credit that was not announced.</summary>
    internal bool IsUpdatePending => Granted > _granted;

    /// <summary>The remote sent something of this cost; false when it had no credit for it.</summary>
    internal bool TryCharge(long cost)
    {
        if (cost > _granted - _received)
            return false;
        _received += cost;
        CountBeyond();
        return true;
    }

    /// <summary>A link was lost with something half received, which comes again.</summary>
    internal void Refund(long cost)
    {
        _received -= cost;
        CountBeyond();
    }

    /// <summary>An entry was begun and needs so much more, although the window may be full: it could never end otherwise. Changes by a difference.</summary>
    internal void Promise(long difference) => _promised += difference;

    /// <summary>The application is done with something of this cost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More is returned than was received: a bug.</exception>
    internal void Consume(long cost)
    {
        if (cost > Held)
            throw new ArgumentOutOfRangeException(nameof(cost), "More is returned than was received.");
        _consumed += cost;
        CountBeyond();
    }

    /// <summary>
    /// The remote gives credit back that it does not use: it counts as received and consumed, and the window has room only for what is left.
    /// </summary>
    /// <param name="total">All that it gave back since the session began.</param>
    /// <returns>False when it had no such credit, or takes some again.</returns>
    internal bool TryTakeBack(long total)
    {
        var back = total - _returned;
        if (back < 0 || back > _granted - _received)
            return false;
        if (back == 0)
            return true;
        _returned = total;
        _received += back;
        _consumed += back;
        CountBeyond();
        ShrinkTo(Math.Max(_initial, _granted - _consumed));
        return true;
    }

    /// <summary>Grows if the window is what holds the remote back. To be called now and then while it is consumed.</summary>
    internal void Tune(TimeSpan? roundTrip, Instant now)
    {
        // What the application still held when it was over comes back later, and must not make it grow again.
        if (_isOver)
            return;
        if (_measuredSince is not { } since)
        {
            (_measuredSince, _measuredFrom) = (now, _consumed);
            return;
        }

        var isStarved = Size < MaxStarved && Held == 0 && _granted - _received < Size / 4;
        var consumed = _consumed - _measuredFrom;
        var elapsed = now - since;
        if (isStarved ? consumed < Size / 2 : consumed < Size || elapsed < MinMeasured)
            return;
        var trip = roundTrip is { } measured && measured > MinRoundTrip ? measured : MinRoundTrip;
        if ((isStarved || consumed * (trip * 2 / elapsed) > Size) && Size * 2 <= _max && (_isWithinAnother || _limits.Memory.TryGrow(Size)))
        {
            Size *= 2;
            CountBeyond();
        }

        (_measuredSince, _measuredFrom) = (now, _consumed);
    }

    /// <summary><see cref="Granted"/> was written to a record.</summary>
    internal void Announced() => _granted = Granted;

    /// <summary>
    /// The session is idle, or over: the window begins anew. Credit that was given stays given until the remote returns it (<see cref="TryTakeBack"/>), so that
    /// nothing changes while it has more than a new session would have.
    /// </summary>
    internal void Shrink(bool over = false)
    {
        _isOver |= over;
        if (over || _granted - _received <= _initial)
            ShrinkTo(_initial);
        _measuredSince = null;
        CountBeyond();
    }

    private void CountBeyond()
    {
        var beyond = _isOver || _isWithinAnother ? 0 : Math.Max(0, Held - Size);
        if (beyond == Beyond)
            return;
        if (beyond > Beyond)
            _limits.Memory.ReserveAnyway(beyond - Beyond);
        else
            _limits.Memory.Release(Beyond - beyond);
        Beyond = beyond;
    }

    private void ShrinkTo(long size)
    {
        if (size >= Size)
            return;
        if (!_isWithinAnother)
            _limits.Memory.Release(Size - size);
        Size = size;
        _measuredSince = null;
        CountBeyond();
    }
}
