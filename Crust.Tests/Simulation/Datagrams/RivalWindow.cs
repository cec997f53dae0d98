using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>The congestion window of a <see cref="RivalFlow"/>, in packets.</summary>
/// <param name="growth">Of which kind.</param>
internal sealed class RivalWindow(WindowGrowth growth)
{
    /// <summary>RFC 6928.</summary>
    private const double Initial = 10;

    /// <summary>RFC 9438 §4.1.2 and §4.6: C, and what remains of the window after a loss.</summary>
    private const double CubicScale = 0.4;
    private const double CubicRemains = 0.7;

    private double _threshold = double.PositiveInfinity;
    private double _largest;
    private double _likeReno;
    private long _reactsFrom;
    private long _recoversAt;
    private Instant? _epoch;

    internal double Packets { get; private set; } = Initial;

    /// <summary>Times that it shrank because of losses, timeouts not counted.</summary>
    internal int Reductions { get; private set; }

    /// <summary>True before the first loss, and after a timeout until half the window of that time.</summary>
    internal bool IsSlowStart => Packets < _threshold;

    /// <summary>One packet more has arrived; all before <paramref name="through"/> have.</summary>
    internal void Acknowledged(long through, Instant now, double smoothedRtt)
    {
        if (through < _recoversAt)
            return;
        if (IsSlowStart)
            Packets++;
        else if (growth == WindowGrowth.Reno)
            Packets += 1 / Packets;
        else
            GrowCubic(now, smoothedRtt);
    }

    /// <summary>A packet is lost; one reaction for all that were sent before it was noticed.</summary>
    internal void Lost(long number, long next)
    {
        if (number < _reactsFrom)
            return;
        Reductions++;
        _reactsFrom = _recoversAt = next;
        // Fast convergence (RFC 9438 §4.7): below the last maximum, leave room to a newcomer.
        _largest = Packets < _largest ? Packets * (1 + CubicRemains) / 2 : Packets;
        Packets = _threshold = Math.Max(2, Packets * (growth == WindowGrowth.Reno ? 0.5 : CubicRemains));
        _likeReno = Packets;
        _epoch = null;
    }

    /// <summary>Nothing was acknowledged any more: slow start, up to half of what was.</summary>
    internal void TimedOut(long next)
    {
        _threshold = Math.Max(2, Packets / 2);
        _largest = Packets;
        Packets = 1;
        _reactsFrom = next;
        _recoversAt = 0;
        _epoch = null;
    }

    private void GrowCubic(Instant now, double smoothedRtt)
    {
        if (_epoch is null)
        {
            _epoch = now;
            _likeReno = Packets;
            _largest = Math.Max(_largest, Packets);
        }

        var time = (now - _epoch.Value).TotalSeconds;
        var inflection = Math.Cbrt((_largest - _threshold) / CubicScale);
        // RFC 9438 §4.3: what Reno with the same mean would have.
        _likeReno += 3 * (1 - CubicRemains) / (1 + CubicRemains) / Packets;
        var target = (CubicScale * Math.Pow(time + (smoothedRtt / 1e6) - inflection, 3)) + _largest;
        target = Math.Clamp(target, Packets, Packets * 1.5);
        Packets = Math.Max(Packets + ((target - Packets) / Packets), _likeReno);
    }
}
