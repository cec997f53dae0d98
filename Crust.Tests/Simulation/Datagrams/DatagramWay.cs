using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// One way between hosts, which any number of pairs may share: a queue before a link of some rate, then loss, then the delay. Nobody is ever told what
/// became of a datagram. One event of the world for each arrival, and no allocation.
/// </summary>
internal sealed class DatagramWay
{
    /// <summary>Microseconds of the world, finer: the time that a short datagram takes on a fast link is below one.</summary>
    private const long NanosecondsPerMicrosecond = 1000;

    private readonly World _world;
    private readonly DatagramNetwork _network;
    private readonly PriorityQueue<Datagram, (long Due, long Order)> _underWay = new();
    private readonly Queue<long> _departures = new();
    private readonly Stack<long> _armed = new();
    private readonly Action _deliver;
    private long _freeNanoseconds;
    private long _lastDue;
    private long _order;
    private bool _isBad;
    private Instant _cutUntil;

    internal DatagramWay(DatagramNetwork network, DatagramProfile profile)
    {
        (_network, Profile, _world) = (network, profile, network.World);
        _deliver = Deliver;
    }

    /// <summary>May be exchanged at any time: what is under way goes on as before.</summary>
    internal DatagramProfile Profile { get; set; }

    internal DatagramWayStatistics Statistics { get; } = new();

    /// <summary>Sees each datagram before it is queued, and may change or drop it (false): somebody on the path.</summary>
    internal Func<Datagram, bool>? OnPath { get; set; }

    /// <summary>How long one that comes now would wait for the link.</summary>
    internal TimeSpan QueueDelay => TimeSpan.FromMicroseconds(Math.Max(0, (_freeNanoseconds - NowNanoseconds) / NanosecondsPerMicrosecond));

    private long NowNanoseconds => _world.Now.Microseconds * NanosecondsPerMicrosecond;

    /// <summary>Nothing that is sent until then arrives.</summary>
    internal void Cut(Instant until) => _cutUntil = until > _cutUntil ? until : _cutUntil;

    /// <summary>What was cut works again, and nothing is lost at random: a burst of losses, counted in datagrams, lasts for ever where few are sent.</summary>
    internal void Heal()
    {
        _cutUntil = default;
        Profile = Profile with { Loss = LossModel.None };
    }

    internal void Send(Datagram ownedDatagram)
    {
        Statistics.Sent++;
        if (_cutUntil > _world.Now || ownedDatagram.Length > Profile.MaxLength || OnPath?.Invoke(ownedDatagram) == false)
        {
            Statistics.Swallowed++;
            _network.Return(ownedDatagram);
            return;
        }

        if (!TryQueue(ownedDatagram.WireLength, out var departure))
        {
            Statistics.Overflowed++;
            _network.Return(ownedDatagram);
            return;
        }

        Statistics.WireBytes += ownedDatagram.WireLength;
        if (Profile.Loss.Loses(_world.Random, ref _isBad))
        {
            Statistics.Lost++;
            _network.Return(ownedDatagram);
            return;
        }

        Travel(ownedDatagram, departure);
    }

    /// <summary>A place in the queue, and when the link has sent what stands there.</summary>
    private bool TryQueue(int wireLength, out long departure)
    {
        var now = NowNanoseconds;
        departure = now;
        if (double.IsInfinity(Profile.BitsPerSecond))
            return true;
        while (_departures.TryPeek(out var first) && first <= now)
            _departures.Dequeue();
        var waiting = Math.Max(0, _freeNanoseconds - now) * 1e-9 * Profile.BitsPerSecond / 8;
        if (_departures.Count > Profile.QueuePackets || waiting > Profile.QueueBytes)
            return false;
        _freeNanoseconds = departure = Math.Max(_freeNanoseconds, now) + (long)(wireLength * 8e9 / Profile.BitsPerSecond);
        _departures.Enqueue(departure);
        return true;
    }

    private void Travel(Datagram datagram, long departure)
    {
        var random = _world.Random;
        var due = (departure / NanosecondsPerMicrosecond) + Microseconds(Profile.Delay);
        if (Profile.Jitter > TimeSpan.Zero)
            due += (long)(Microseconds(Profile.Jitter) * random.NextDouble());
        // Jitter alone reorders nothing.
        _lastDue = due = Math.Max(due, _lastDue);
        if (Profile.Duplicated > 0 && random.Chance(Profile.Duplicated))
        {
            Statistics.Duplicated++;
            Arrive(_network.Copy(datagram), due + HeldBack());
        }

        if (Profile.Reordered > 0 && random.Chance(Profile.Reordered))
        {
            Statistics.Reordered++;
            due += HeldBack();
        }

        if (Profile.Corrupted > 0 && random.Chance(Profile.Corrupted) && !TryCorrupt(datagram))
        {
            _network.Return(datagram);
            return;
        }

        Arrive(datagram, due);
    }

    /// <summary>Changes bits; false when the checksum finds it, as it nearly always does, or nobody above µTP would.</summary>
    private bool TryCorrupt(Datagram datagram)
    {
        if (UdpChecksum.Finds(datagram.Bytes, Corrupt))
        {
            Statistics.Corrupted++;
            return false;
        }

        Statistics.Unnoticed++;
        _network.PassedUnnoticed?.Invoke();
        return _network.PassedUnnoticed is not null;
    }

    /// <summary>A few bits that lie together, or anywhere.</summary>
    private void Corrupt(Span<byte> bytes)
    {
        var random = _world.Random;
        var start = bytes.Length == 0 ? 0 : random.Next(bytes.Length);
        for (var i = bytes.Length == 0 ? 0 : random.Next(1, 6); i > 0; i--)
            bytes[random.Chance(0.5) ? Math.Min(start + i, bytes.Length - 1) : random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
    }

    private long HeldBack() => (long)(Microseconds(Profile.ReorderDelay) * _world.Random.NextDouble());

    private void Arrive(Datagram datagram, long due)
    {
        if (Profile.Coalescing > TimeSpan.Zero)
        {
            var step = Microseconds(Profile.Coalescing);
            due = (due + step - 1) / step * step;
        }

        _underWay.Enqueue(datagram, (due, _order++));
        Arm(due);
    }

    private void Arm(long due)
    {
        if (_armed.TryPeek(out var earliest) && earliest <= due)
            return;
        _armed.Push(due);
        _world.At(new Instant(due), _deliver);
    }

    private void Deliver()
    {
        _armed.Pop();
        var now = _world.Now.Microseconds;
        while (_underWay.TryPeek(out var datagram, out var next) && next.Due <= now)
        {
            _underWay.Dequeue();
            Statistics.Delivered++;
            _network.Deliver(datagram);
        }

        if (_underWay.TryPeek(out _, out var later))
            Arm(later.Due);
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
