namespace Crust.Utp.Congestion;

/// <summary>
/// The congestion window: LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus), which fills the queue up to a target of delay and gives way to everybody else, with
/// deviations that the simulator asked for:
/// <list type="bullet">
/// <item>a queue that overflows below the target lowers the target: otherwise nothing would hold us back there but losses; a longer queue that others fill and that
/// does not overflow raises it again, and a target that was kept for two minutes is tried a step higher;</item>
/// <item>a loss without a standing queue, or while the queue is much shorter than it was, is one of the link and changes nothing, as long as they are few;</item>
/// <item>a queue that grows faster than we can have made it is another's slow start: we give way at once, and for some seconds;</item>
/// <item>below the target we grow by a few packets a round trip, beyond it we shrink by a gentle square: then flows that share a queue become equal; near the target we
/// grow by less, or flows that refill the queue together take one another for a slow start;</item>
/// <item>the periodic slowdown is to a quarter, and comes when the queue was not seen shorter for a while: flows that share a queue see that at the same moment, slow
/// down together, and all of them see the path empty.</item>
/// </list>
/// </summary>
internal sealed class LedbatController
{
    /// <summary>The design's and LEDBAT++'s target of queueing delay.</summary>
    internal const int TargetMicroseconds = 60_000;

    internal const int MinWindowPackets = 2;

    /// <summary>RFC 6928.</summary>
    private const int InitialWindowPackets = 10;

    private const double MaxWindowBytes = 1 << 30;

    /// <summary>Slow start: by half a round trip, and not by all of it, for its end is noticed a round trip late.</summary>
    private const double SlowStartGain = 0.5;

    /// <summary>RFC 9406 §4.2: slow start ends when the queue stands for an eighth of the round trip, within these bounds.</summary>
    private const int SlowStartDelayShare = 8, MinSlowStartDelay = 4_000, MaxSlowStartDelay = 16_000;

    /// <summary>Ours: after slow start, by an eighth a round trip, and less the nearer the target is, until this share of it.</summary>
    private const double ApproachGain = 0.125, ApproachShare = 0.9;

    /// <summary>
    /// Packets a round trip. The more, the further beyond the target all flows of a queue find their balance, and the less it matters that they measure it a little
    /// differently; with one, the third flow had not caught up after a minute. Half of Reno's where the queue is too short to be measured well.
    /// </summary>
    private const double Gain = 2, ShortQueueGain = 0.5;

    /// <summary>
    /// Ours: as near to the target as these shares of it below and above, we grow by less, down to so much of the gain. Flows that refill a queue together would otherwise
    /// pass the target so fast that each of them takes the others for a surge. Where the queue comes to rest, beyond the target, the gain is whole.
    /// </summary>
    private const double SlowBelow = 0.1, SlowAbove = 0.03, SlowestShare = 0.3;

    /// <summary>What goes each round trip beyond the target, when it is exceeded by a share x of it: Linear × x + Square × x², and at most half (LEDBAT++).</summary>
    private const double Linear = 0.1, Square = 2, MaxDecrease = 0.5;

    /// <summary>The design's: more losses than this are congestion, wherever they happen.</summary>
    private const double IsolatedLossRate = 0.02;

    /// <summary>Ours: less than this is no standing queue.</summary>
    private const int NoiseMicroseconds = 300;

    /// <summary>Targets are steps of a scale: flows that share a queue have the same, although they measure a little differently.</summary>
    private const double TargetStep = 1.15;

    /// <summary>A target is at most this share of the delay at which the queue overflowed.</summary>
    private const double QueueShare = 0.95, ShortQueueShare = 0.8;

    /// <summary>A target that held back the window through so many slowdowns is tried a step higher; each refusal doubles the number, up to the bound.</summary>
    private const int RaiseAfterSlowdowns = 12, MaxRaiseAfterSlowdowns = 96;

    private const double MinTarget = 500;

    /// <summary>On short paths a few milliseconds are the delays of threads and not of queues.</summary>
    private const double MinTargetOnShortPaths = 5_000;
    private const int ShortPathMicroseconds = 10_000;

    /// <summary>A target below is one of a queue of a few packets.</summary>
    private const double ShortQueueTarget = 5_000;

    /// <summary>
    /// A queue that grows by this in one or two round trips, and by more than so many of our own packets, is a surge: the first two where the queue stood at the target before,
    /// as there flows like us have nearly stopped to grow; the others where it was shorter, and they all grow together.
    /// </summary>
    private const int SurgeMicroseconds = 1_000, SurgePackets = 6, RefillSurgeMicroseconds = 2_500, RefillSurgePackets = 14;

    /// <summary>Only near the target: before, there is room for a newcomer.</summary>
    private const double SurgeTargetShare = 0.8;

    /// <summary>While we give way, the queue may be this share of the target.</summary>
    private const double YieldTargetShare = 0.125;

    /// <summary>Long enough for a TCP flow to take the link.</summary>
    private const long YieldMicroseconds = 8_000_000;

    /// <summary>The queue counts as empty below this share of the target, and as short as it was within this share of it.</summary>
    private const double EmptyTargetShare = 1.0 / 16;

    /// <summary>LEDBAT++ slows down for two round trips, nine times as long as that lasts apart; ours, by time.</summary>
    private const long SlowdownEveryMicroseconds = 10_000_000;
    private const int SlowdownRounds = 2, SlowdownDivisor = 4;

    /// <summary>What remains of the window after it: less than all makes flows equal.</summary>
    private const double SlowdownRemains = 0.9;

    /// <summary>So many round trips after a change of our own, a growing queue says nothing about others.</summary>
    private const int CalmRounds = 3, CalmRoundsAfterSlowdown = 8;

    private DelayFilter? _delayFilter;
    private RecentRounds? _recentRounds;
    private double _window;
    private double _slowStartThreshold = double.MaxValue;
    private double _target = TargetMicroseconds;
    private double _restoredWindow;
    private int _lowest = int.MaxValue / 2;
    private int _survived;
    private double _overflowed = double.MaxValue;
    private int _slowdowns;
    private int _raiseAfter = RaiseAfterSlowdowns;
    private long _lowestMicroseconds;
    private long _survivesFrom;
    private long _slowdownEnds;
    private long _yieldEnds;
    private long _surgesCountFrom;
    private bool _isApproaching = true;
    private bool _isYielding;

    /// <summary>Packets lost since the last reduction that have not come after all; and what stood before it.</summary>
    private int _unproven;
    private (double Window, double Target, double SlowStartThreshold, bool IsSlowStart, bool IsApproaching)? _before;

    private DelayFilter Delay => _delayFilter ??= new DelayFilter();

    private RecentRounds Rounds => _recentRounds ??= new RecentRounds();

    /// <summary>Bytes that may be in flight.</summary>
    internal int WindowBytes => (int)_window;

    internal bool IsSlowStart { get; private set; } = true;

    internal void Begin(int packetLength) => _window = InitialWindowPackets * packetLength;

    /// <summary>Packets have come.</summary>
    internal void Acknowledged(in CongestionSample sample)
    {
        // Clocks that run apart show as one-way delay, and the way back shows in the round trip: the smaller is ours.
        Delay.Add(Math.Min(sample.QueueingDelay, sample.LatestRtt - sample.MinRtt), sample.Rtt, sample.Now);
        var delay = Delay.Standing;
        Rounds.Add(sample.Packets, 0, delay, sample.Rtt, sample.Now);
        if (sample.Now >= _survivesFrom)
            _survived = Math.Max(_survived, delay);
        if (delay <= _lowest + (_target * EmptyTargetShare) || _lowestMicroseconds == 0)
            (_lowest, _lowestMicroseconds) = (Math.Min(_lowest, delay), sample.Now);
        if (_slowdownEnds > 0 && !TryEndSlowdown(sample))
            return;
        if (IsSlowStart)
            Start(sample, delay);
        else if (_isApproaching)
            Approach(sample, delay);
        else
            Hold(sample, delay);
        _window = Math.Clamp(_window, MinWindowPackets * sample.PacketLength, MaxWindowBytes);
    }

    /// <summary>Packets were lost.</summary>
    /// <param name="packets">How many.</param>
    /// <param name="isNew">Whether some of them were sent after the last reduction.</param>
    /// <param name="sample">What is known besides; nothing in it has come.</param>
    /// <returns>False when nothing follows from it.</returns>
    internal bool Lost(int packets, bool isNew, in CongestionSample sample)
    {
        var standing = Delay.Standing;
        Rounds.Add(0, packets, standing, sample.Rtt, sample.Now);
        _unproven += packets;
        if (!isNew)
            return false;
        var isQueue = standing >= NoiseMicroseconds && standing >= Rounds.LargestStanding / 2;
        if (!isQueue && Rounds.LossRate < IsolatedLossRate)
            return false;
        Remember(packets);
        _survived = 0;
        _survivesFrom = sample.Now + (CalmRounds * sample.Rtt);
        // Who gives way sends too little to see how long the queue was.
        if (isQueue && !_isYielding)
        {
            _overflowed = Math.Min(_overflowed, MostTarget);
            LowerTarget(sample.MinRtt < ShortPathMicroseconds ? MinTargetOnShortPaths : MinTarget);
        }

        // The end of the approach is known: just below. Otherwise somebody else is there.
        _window *= isQueue && _isApproaching ? (sample.MinRtt + _target) / (sample.MinRtt + Math.Max(Delay.Largest, _target)) : 0.5;
        _window = Math.Max(MinWindowPackets * sample.PacketLength, _window);
        _restoredWindow /= 2;
        (IsSlowStart, _isApproaching) = (false, false);
        _surgesCountFrom = sample.Now + (CalmRounds * sample.Rtt);
        return true;
    }

    /// <summary>Nothing was acknowledged any more: everything begins anew, slow start up to half the window.</summary>
    internal void TimedOut(int lostPackets, int packetLength)
    {
        Remember(lostPackets);
        _slowStartThreshold = Math.Max(MinWindowPackets * packetLength, _window / 2);
        _window = MinWindowPackets * packetLength;
        IsSlowStart = true;
        _slowdownEnds = 0;
    }

    /// <summary>Packets that counted as lost have come after all. When all of them have, what followed from their loss is taken back (RFC 4015 §3.2 in spirit).</summary>
    internal void Spurious(int packets)
    {
        Rounds.Forgive(packets);
        _unproven -= packets;
        if (_before is not { } before || _unproven > 0)
            return;
        _before = null;
        (_window, _target) = (Math.Max(_window, before.Window), Math.Max(_target, before.Target));
        (IsSlowStart, _isApproaching, _slowStartThreshold) = (before.IsSlowStart, before.IsApproaching, before.SlowStartThreshold);
    }

    /// <summary>The connection rests: what happened in the last round trips says nothing any more.</summary>
    internal void Rest() => (_delayFilter, _recentRounds) = (null, null);

    private void Remember(int lostPackets)
    {
        _unproven = lostPackets;
        _before = (_window, _target, _slowStartThreshold, IsSlowStart, _isApproaching);
    }

    private void Start(in CongestionSample sample, int delay)
    {
        if (_window >= _slowStartThreshold || delay > Math.Clamp(sample.MinRtt / SlowStartDelayShare, MinSlowStartDelay, MaxSlowStartDelay))
            IsSlowStart = false;
        else if (sample.IsLimited)
            _window += sample.Bytes * SlowStartGain;
    }

    private void Approach(in CongestionSample sample, int delay)
    {
        if (delay > ApproachShare * _target)
        {
            _isApproaching = false;
            _surgesCountFrom = sample.Now + (CalmRounds * sample.Rtt);
        }
        else if (sample.IsLimited)
        {
            _window += sample.Bytes * ApproachGain * (1 - (delay / _target));
        }
    }

    private void Hold(in CongestionSample sample, int delay)
    {
        NoteSurge(sample, delay);
        if (_isYielding && delay > _target * YieldTargetShare)
        {
            _window -= MaxDecrease * sample.Bytes;
            return;
        }

        if (sample.IsLimited)
            _window += PacketsARound(delay) * sample.PacketLength * sample.Bytes / _window;
        if (delay > _target)
        {
            var excess = (delay / _target) - 1;
            _window -= Math.Min(MaxDecrease, (Linear * excess) + (Square * excess * excess)) * sample.Bytes;
        }

        if (sample.Now - _lowestMicroseconds > SlowdownEveryMicroseconds)
            SlowDown(sample);
    }

    private double PacketsARound(int delay)
    {
        if (_target < ShortQueueTarget)
            return ShortQueueGain;
        var distance = (delay / _target) - 1;
        return Gain * Math.Clamp(distance < 0 ? -distance / SlowBelow : distance / SlowAbove, SlowestShare, 1);
    }

    private void NoteSurge(in CongestionSample sample, int delay)
    {
        var wasFull = Rounds.EarlierStanding >= _target;
        var packetMicroseconds = (long)sample.Rtt * sample.PacketLength / (long)_window;
        var surge = wasFull ? Math.Max(SurgeMicroseconds, SurgePackets * packetMicroseconds) : Math.Max(RefillSurgeMicroseconds, RefillSurgePackets * packetMicroseconds);
        if (sample.MinRtt >= ShortPathMicroseconds && _target >= ShortQueueTarget && delay > SurgeTargetShare * _target
            && sample.Now > _surgesCountFrom && Delay.Rise > surge && delay > Rounds.EarlierStanding + (surge / 2))
        {
            if (!_isYielding)
                _window /= 2;
            _yieldEnds = sample.Now + YieldMicroseconds;
        }

        _isYielding = sample.Now < _yieldEnds;
    }

    private void SlowDown(in CongestionSample sample)
    {
        _lowest = int.MaxValue / 2;
        _restoredWindow = _window * SlowdownRemains;
        _window /= SlowdownDivisor;
        _slowdownEnds = sample.Now + (SlowdownRounds * sample.Rtt);
    }

    private bool TryEndSlowdown(in CongestionSample sample)
    {
        if (sample.Now < _slowdownEnds)
            return false;
        _slowdownEnds = 0;
        _window = _restoredWindow;
        _lowestMicroseconds = sample.Now;
        _surgesCountFrom = sample.Now + (CalmRoundsAfterSlowdown * sample.Rtt);
        // A queue that our slowdown does not empty is another's, who fills it as far as it goes.
        if (_lowest <= TargetMicroseconds * EmptyTargetShare)
            RaiseTarget();
        return true;
    }

    /// <summary>What came with more delay than the target has shows that there is room for more.</summary>
    private void RaiseTarget()
    {
        var isRaised = false;
        // Where many share a queue somebody loses all the time, and few see anything survive; but they see where it overflows.
        var room = Math.Max(_survived, _overflowed == double.MaxValue ? 0 : _overflowed);
        for (; _target < TargetMicroseconds && _target * TargetStep <= room; isRaised = true)
            _target = Math.Min(TargetMicroseconds, _target * TargetStep);
        if (!isRaised && _target < TargetMicroseconds && _survived >= _target && ++_slowdowns >= _raiseAfter)
        {
            _target = Math.Min(TargetMicroseconds, _target * TargetStep);
            (_slowdowns, _raiseAfter) = (0, Math.Min(_raiseAfter * 2, MaxRaiseAfterSlowdowns));
        }

        (_survived, _overflowed) = (0, double.MaxValue);
    }

    /// <summary>The largest target that a queue has which overflows now.</summary>
    private double MostTarget => Delay.Largest * (Delay.Largest < ShortQueueTarget ? ShortQueueShare : QueueShare);

    private void LowerTarget(double lowest)
    {
        _slowdowns = 0;
        var most = MostTarget;
        while (_target > most && _target > lowest)
            _target = Math.Max(lowest, _target / TargetStep);
    }
}
