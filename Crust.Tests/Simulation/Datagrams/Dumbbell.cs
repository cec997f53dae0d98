using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// The world of congestion: any number of senders and receivers left and right of one link, whose queue they share. Samples the queue and every flow while
/// time passes.
/// </summary>
internal sealed class Dumbbell
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(10);

    private readonly List<Meter> _meters = [];
    private readonly List<(long Microseconds, double Delay)> _queue = [];
    private ushort _lastConnection;

    /// <param name="seed">Of the world.</param>
    /// <param name="forward">The link from left to right, with its delay and queue.</param>
    /// <param name="backward">The way back.</param>
    internal Dumbbell(ulong seed, DatagramProfile forward, DatagramProfile backward)
    {
        World = new World(seed, isTraced: false);
        Network = new DatagramNetwork(World);
        Forward = Network.NewWay(forward);
        Backward = Network.NewWay(backward);
        World.After(SampleEvery, Sample);
    }

    internal World World { get; }

    internal DatagramNetwork Network { get; }

    internal DatagramWay Forward { get; }

    internal DatagramWay Backward { get; }

    /// <summary>Where µTP flows begin; null before the first.</summary>
    internal UtpHost? Left { get; private set; }

    /// <summary>Where they end.</summary>
    internal UtpHost? Right { get; private set; }

    internal List<BulkFlow> Flows { get; } = [];

    /// <summary>Seconds since the beginning.</summary>
    internal double Seconds => (World.Now - World.Beginning).TotalSeconds;

    /// <summary>A µTP flow that begins after a while.</summary>
    internal Meter AddUtp(double startSeconds = 0)
    {
        if (Left is null || Right is null)
        {
            (Left, Right) = (NewHost(), NewHost());
            Route(Left.Address, Right.Address);
            Right.Accept = (connection, id) => Flows.Find(f => f.ConnectionId == id)?.Receive(connection);
        }

        var flow = new BulkFlow(Left, Right, unchecked((ushort)((++_lastConnection * 60) + World.Random.Next(50))));
        Flows.Add(flow);
        World.After(TimeSpan.FromSeconds(startSeconds), flow.Start);
        return NewMeter(() => flow.ArrivedBytes);
    }

    /// <summary>A TCP-like flow that begins after a while.</summary>
    internal Meter AddRival(WindowGrowth growth, double startSeconds = 0)
    {
        var (sender, receiver) = (Network.NextAddress(), Network.NextAddress());
        Route(sender, receiver);
        var flow = new RivalFlow(Network, sender, receiver, growth);
        World.After(TimeSpan.FromSeconds(startSeconds), flow.Start);
        return NewMeter(() => flow.ArrivedBytes, flow);
    }

    /// <summary>Lets time pass until this many seconds after the beginning.</summary>
    internal void RunTo(double seconds) => World.Run(World.Beginning + TimeSpan.FromSeconds(seconds));

    /// <summary>The share of samples below which the queueing delay was, between two times, in milliseconds.</summary>
    internal double QueueDelay(double fromSeconds, double toSeconds, double quantile = 0.5)
    {
        var first = World.Beginning + TimeSpan.FromSeconds(fromSeconds);
        var last = World.Beginning + TimeSpan.FromSeconds(toSeconds);
        var delays = _queue.Where(s => s.Microseconds >= first.Microseconds && s.Microseconds < last.Microseconds).Select(s => s.Delay).Order().ToArray();
        return delays[Math.Min((int)(delays.Length * quantile), delays.Length - 1)];
    }

    private Meter NewMeter(Func<long> bytes, RivalFlow? rival = null)
    {
        var meter = new Meter(bytes, SampleEvery) { Rival = rival };
        _meters.Add(meter);
        return meter;
    }

    private UtpHost NewHost() => new(
        Network,
        Network.NextAddress(),
        new UtpOptions(),
        new HostClock(World, TimeSpan.FromSeconds(World.Random.Next(1, 1 << 20)), World.Random.Next(-50, 50)));

    private void Route(TransportAddress left, TransportAddress right)
    {
        Network.Route(left, right, Forward);
        Network.Route(right, left, Backward);
    }

    private void Sample()
    {
        _queue.Add((World.Now.Microseconds, Forward.QueueDelay.TotalMilliseconds));
        foreach (var meter in _meters)
            meter.Sample();
        World.After(SampleEvery, Sample);
    }
}
