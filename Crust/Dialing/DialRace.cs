using Crust.Identity;
using Crust.Primitives;

namespace Crust.Dialing;

/// <summary>
/// The race of a peer's addresses (RFC 8305 §5, made wider by a second protocol): which one is tried when, which link may handshake, which are given up.
/// The addresses of one transport are a lane: they start <see cref="DialPlan.AttemptDelay"/> after one another, or as soon as the one before has failed. The
/// favoured transport's lane begins at once, the other <see cref="HeadStart"/> later. Whichever link opens first handshakes; others that open meanwhile are
/// held back, silent, and get their turn only if it fails or says nothing for long. Pure; drain <see cref="PollStep"/> after each input, then ask for
/// <see cref="PollTimeout"/>. Time never goes back.
/// </summary>
internal sealed class DialRace
{
    /// <summary>
    /// What a protocol that is blocked may cost. Ours: less than two starts of one protocol are apart, since a whole protocol that is blocked is commoner than a
    /// single address, and longer than an answer takes on most paths, so that mostly one link is made and not two.
    /// </summary>
    internal static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(150);

    /// <summary>Longest wait for one address. Ours: three SYN retransmissions (1 + 2 + 4 s) and some.</summary>
    internal static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a handshake may be silent, beyond twice the time that its link took to open, before another link gets its turn beside it. Some firewalls let
    /// connections be made and swallow what they carry.
    /// </summary>
    internal static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(1);

    private readonly DialRunner[] _runners;
    private readonly DialLane[] _lanes;
    private readonly Queue<DialStep> _steps = new();
    private Instant _patience;

    /// <param name="addresses">One peer's addresses in the order of <see cref="DialPlan"/>.</param>
    /// <param name="favoured">The transport that has the head start; another where it has no address.</param>
    /// <param name="now">The start.</param>
    internal DialRace(IReadOnlyList<PeerAddress> addresses, TransportKind favoured, Instant now)
    {
        _runners = [.. addresses.Select((a, i) => new DialRunner(i, a))];
        _lanes = [.. _runners.GroupBy(r => r.Address.Transport).OrderBy(g => g.Key == favoured ? 0 : 1).ThenBy(g => g.Key)
            .Select((lane, place) => new DialLane(lane, now + place * HeadStart))];
        Advance(now);
    }

    /// <summary>The candidate whose handshake succeeded; null while there is none.</summary>
    internal int? Winner { get; private set; }

    /// <summary>True when somebody has won, or everybody failed.</summary>
    internal bool IsOver => Winner is not null || Array.TrueForAll(_runners, r => r.State == DialState.Failed);

    /// <summary>True when some address answered at all.</summary>
    internal bool Reached { get; private set; }

    /// <summary>True when the winner's link opened although another transport had been tried before.</summary>
    internal bool IsContested => Winner is { } winner && Array.Exists(
        _runners, r => r.Address.Transport != _runners[winner].Address.Transport && r.State != DialState.Waiting && r.Started <= _runners[winner].Opened);

    /// <summary>Every candidate, in the order of the list.</summary>
    internal IReadOnlyList<DialRunner> Runners => _runners;

    /// <summary>The candidate's link is open.</summary>
    internal void HandleOpened(int candidate, Instant now)
    {
        var runner = _runners[candidate];
        if (runner.State == DialState.Opening)
        {
            Reached = true;
            runner.State = DialState.Open;
            runner.Opened = now;
        }

        Advance(now);
    }

    /// <summary>The candidate's link could not be opened, or its handshake failed.</summary>
    internal void HandleFailed(int candidate, string reason, Instant now)
    {
        var runner = _runners[candidate];
        if (runner.State is DialState.Opening or DialState.Open or DialState.Shaking)
            Fail(runner, reason, now);
        Advance(now);
    }

    /// <summary>The candidate's handshake succeeded: the race is over, and all others are given up.</summary>
    internal void HandleSecured(int candidate)
    {
        if (Winner is not null || _runners[candidate].State != DialState.Shaking)
            return;
        Winner = candidate;
        foreach (var runner in _runners)
        {
            if (runner.Index != candidate && runner.State is DialState.Opening or DialState.Open or DialState.Shaking)
                _steps.Enqueue(new DialStep(DialStepKind.Cancel, runner.Index));
        }
    }

    /// <summary>The deadline has come. Too early or too often does nothing.</summary>
    internal void HandleTimeout(Instant now) => Advance(now);

    /// <summary>The next thing to do; false when there is nothing.</summary>
    internal bool PollStep(out DialStep step) => _steps.TryDequeue(out step);

    /// <summary>When <see cref="HandleTimeout"/> is due; null: not until something happens.</summary>
    internal Instant? PollTimeout()
    {
        if (IsOver)
            return null;
        Instant? first = null;
        var isShaking = IsAny(DialState.Shaking);
        foreach (var runner in _runners)
        {
            if (runner.State == DialState.Opening)
                first = Instant.Earlier(first, runner.Started + AddressTimeout);
            else if (runner.State == DialState.Open && isShaking)
                first = Instant.Earlier(first, _patience);
        }

        foreach (var lane in _lanes)
        {
            if (lane.Next is not null)
                first = Instant.Earlier(first, isShaking && _patience > lane.NextStart ? _patience : lane.NextStart);
        }

        return first;
    }

    private void Advance(Instant now)
    {
        if (Winner is not null)
            return;
        foreach (var runner in _runners)
        {
            if (runner.State == DialState.Opening && now >= runner.Started + AddressTimeout)
            {
                Fail(runner, DialReason.NoAnswer, now);
                _steps.Enqueue(new DialStep(DialStepKind.Cancel, runner.Index));
            }
        }

        // While a handshake is under way that may well succeed, nothing new is begun.
        if (IsAny(DialState.Shaking) && now < _patience)
            return;
        if (FirstOpen() is { } open)
        {
            open.State = DialState.Shaking;
            _patience = now + HandshakePatience + (open.Opened - open.Started) * 2;
            _steps.Enqueue(new DialStep(DialStepKind.Handshake, open.Index));
            return;
        }

        foreach (var lane in _lanes)
        {
            if (lane.Next is { } next && (now >= lane.NextStart || IsNothingUnderWay))
                Start(lane, next, now);
        }
    }

    private bool IsNothingUnderWay => !IsAny(DialState.Opening) && !IsAny(DialState.Open) && !IsAny(DialState.Shaking);

    private bool IsAny(DialState state) => Array.Exists(_runners, r => r.State == state);

    private DialRunner? FirstOpen() => _runners.Where(r => r.State == DialState.Open).MinBy(r => r.Opened);

    private void Start(DialLane lane, DialRunner next, Instant now)
    {
        next.State = DialState.Opening;
        next.Started = now;
        lane.Take(now + DialPlan.AttemptDelay);
        _steps.Enqueue(new DialStep(DialStepKind.Open, next.Index));
    }

    private void Fail(DialRunner runner, string reason, Instant now)
    {
        runner.State = DialState.Failed;
        runner.Failure = reason;
        // RFC 8305 §5: nobody waits for an attempt that has failed.
        if (Array.Find(_lanes, l => l.Last == runner) is { } lane)
            lane.NextStart = now;
    }
}
