namespace Crust.Utp.Congestion;

/// <summary>What happened in each of the last eight round trips: packets that came, packets that were lost, and the largest standing queue.</summary>
internal sealed class RecentRounds
{
    private const int Rounds = 8;

    private readonly (int Delivered, int Lost, int Standing)[] _rounds = new (int, int, int)[Rounds];
    private int _current;
    private long _ends;

    /// <summary>The share of packets that were lost.</summary>
    internal double LossRate
    {
        get
        {
            long delivered = 0, lost = 0;
            foreach (var round in _rounds)
                (delivered, lost) = (delivered + round.Delivered, lost + round.Lost);
            return lost == 0 ? 0 : (double)lost / (delivered + lost);
        }
    }

    /// <summary>The largest standing queue, microseconds.</summary>
    internal int LargestStanding => Largest(from: 0);

    /// <summary>The same without the last one or two round trips.</summary>
    internal int EarlierStanding => Largest(from: 2);

    internal void Add(int deliveredPackets, int lostPackets, int standing, long rttMicroseconds, long nowMicroseconds)
    {
        if (nowMicroseconds >= _ends)
        {
            _ends = nowMicroseconds + rttMicroseconds;
            _current = (_current + 1) % Rounds;
            _rounds[_current] = default;
        }

        ref var round = ref _rounds[_current];
        round = (round.Delivered + deliveredPackets, round.Lost + lostPackets, Math.Max(round.Standing, standing));
    }

    /// <summary>Packets that counted as lost have come after all.</summary>
    internal void Forgive(int packets)
    {
        for (var i = 0; i < Rounds && packets > 0; i++)
        {
            ref var round = ref _rounds[(_current + Rounds - i) % Rounds];
            var forgiven = Math.Min(packets, round.Lost);
            (round.Lost, packets) = (round.Lost - forgiven, packets - forgiven);
        }
    }

    private int Largest(int from)
    {
        var largest = 0;
        for (var i = from; i < Rounds; i++)
            largest = Math.Max(largest, _rounds[(_current + Rounds - i) % Rounds].Standing);
        return largest;
    }
}
