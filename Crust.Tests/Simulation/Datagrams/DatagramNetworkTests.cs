using System.Buffers.Binary;
using System.Diagnostics;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>The datagram network is what it says: each fault, alone, and as often as asked for.</summary>
public sealed class DatagramNetworkTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void ALink_TakesItsTimeForEachDatagramAndThenTheDelay()
    {
        var lab = new Lab(1, new DatagramProfile { BitsPerSecond = 100e6, Delay = Delay });
        for (var i = 0; i < 3; i++)
            lab.Send(1472);
        lab.Way.QueueDelay.Should().Be(TimeSpan.FromMicroseconds(360));
        lab.Run();
        lab.Arrivals.Select(a => a.After.TotalMicroseconds).Should().Equal(10_120, 10_240, 10_360);
        lab.Numbers.Should().Equal(0, 1, 2);
    }

    [Fact]
    public void AQueue_DropsWhatComesWhenItIsFull()
    {
        var packets = new Lab(1, new DatagramProfile { BitsPerSecond = 1e6, QueuePackets = 10 });
        for (var i = 0; i < 50; i++)
            packets.Send(100);
        packets.Run();
        packets.Numbers.Should().Equal(Enumerable.Range(0, 11), "one is on the wire, ten wait");
        packets.Way.Statistics.Overflowed.Should().Be(39);

        var bytes = new Lab(1, new DatagramProfile { BitsPerSecond = 1e6, QueueBytes = 12_000 });
        for (var i = 0; i < 50; i++)
            bytes.Send(972);
        bytes.Run();
        bytes.Numbers.Should().HaveCount(13);
    }

    [Fact]
    public void BernoulliLoss_IsIndependentAndOfItsRate()
    {
        var lost = LossRuns(LossModel.Bernoulli(0.05), 200_000);
        (lost.Sum() / 200_000.0).Should().BeApproximately(0.05, 0.003);
        lost.Average().Should().BeApproximately(1 / 0.95, 0.02, "runs are as long as chance makes them");
    }

    [Fact]
    public void GilbertElliottLoss_ComesInBursts()
    {
        var model = LossModel.Bursts(0.05, 8);
        model.Mean.Should().BeApproximately(0.05, 1e-9);
        var lost = LossRuns(model, 400_000);
        (lost.Sum() / 400_000.0).Should().BeApproximately(0.05, 0.006);
        lost.Average().Should().BeApproximately(8, 0.8);
    }

    [Fact]
    public void Jitter_KeepsOrder_AndReorderingDoesNot()
    {
        var jitter = new Lab(1, new DatagramProfile { Delay = Delay, Jitter = Delay });
        jitter.SendEvery(TimeSpan.FromMicroseconds(100), 2000);
        jitter.Numbers.Should().Equal(Enumerable.Range(0, 2000));
        jitter.Arrivals.Select(a => a.After).Distinct().Should().HaveCountGreaterThan(20);

        var reordering = new Lab(1, new DatagramProfile { Delay = Delay, Reordered = 0.1 });
        reordering.SendEvery(TimeSpan.FromMicroseconds(100), 2000);
        reordering.Numbers.Should().BeEquivalentTo(Enumerable.Range(0, 2000)).And.NotBeInAscendingOrder();
        reordering.Way.Statistics.Reordered.Should().BeInRange(150, 250);
    }

    [Fact]
    public void Duplication_DeliversTwice()
    {
        var lab = new Lab(1, new DatagramProfile { Duplicated = 0.1 });
        lab.SendEvery(TimeSpan.FromMicroseconds(100), 2000);
        lab.Numbers.GroupBy(n => n).Count(g => g.Count() == 2).Should().BeInRange(150, 250);
        lab.Numbers.Distinct().Should().HaveCount(2000);
    }

    [Fact]
    public void Corruption_IsFoundByTheChecksum()
    {
        var lab = new Lab(1, new DatagramProfile { Corrupted = 0.5 });
        lab.SendEvery(TimeSpan.FromMicroseconds(100), 2000);
        lab.Way.Statistics.Corrupted.Should().BeInRange(900, 1100);
        lab.Numbers.Should().HaveCount(2000 - (int)lab.Way.Statistics.Corrupted);
        UdpChecksum.Compute([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).Should().Be(0x220d, "RFC 1071 §3 has the sum ddf2");
    }

    [Fact]
    public void AnMtuBlackHole_SwallowsWhatIsTooLong()
    {
        var lab = new Lab(1, new DatagramProfile { MaxLength = 1300 });
        lab.Send(1300);
        lab.Send(1301);
        lab.Run();
        lab.Numbers.Should().Equal(0);
        lab.Way.Statistics.Swallowed.Should().Be(1);
    }

    [Fact]
    public void ACut_SwallowsUntilItIsOver()
    {
        var lab = new Lab(1, new DatagramProfile());
        lab.Way.Cut(lab.World.Now + TimeSpan.FromMilliseconds(5));
        lab.SendEvery(TimeSpan.FromMilliseconds(1), 10);
        lab.Numbers.Should().Equal(5, 6, 7, 8, 9);
    }

    [Fact]
    public void AnInjectedDatagram_ComesInAnothersName_AndAnAddressMayMove()
    {
        var lab = new Lab(1, new DatagramProfile());
        var victim = new TransportAddress(new Bits128(0, 7), 7);
        lab.Network.Inject(victim, lab.To, new byte[20]);
        lab.Arrivals.Single().From.Should().Be(victim);
        lab.Network.Detach(lab.To);
        lab.Send(100);
        lab.Run();
        lab.Arrivals.Should().HaveCount(1);
    }

    [Fact]
    public void Coalescing_MakesBatches()
    {
        var lab = new Lab(1, new DatagramProfile { BitsPerSecond = 100e6, Coalescing = TimeSpan.FromMilliseconds(1) });
        lab.SendEvery(TimeSpan.FromMicroseconds(100), 100);
        // 100 datagrams of 120 µs: twelve milliseconds.
        lab.Arrivals.Select(a => a.After.TotalMicroseconds).Distinct().Should().Equal(Enumerable.Range(1, 12).Select(i => i * 1000.0));
    }

    [Fact]
    public void ASeed_TellsTheSameStoryAgain()
    {
        Arrivals(5).Should().Equal(Arrivals(5)).And.NotEqual(Arrivals(6));

        static IEnumerable<(int, TimeSpan, TransportAddress)> Arrivals(ulong seed)
        {
            var lab = new Lab(seed, new DatagramProfile { Jitter = Delay, Loss = LossModel.Bursts(0.1, 3), Reordered = 0.1, Duplicated = 0.1, Corrupted = 0.1 });
            lab.SendEvery(TimeSpan.FromMilliseconds(1), 500);
            return lab.Arrivals;
        }
    }

    [Fact]
    public void AMinuteOfAFastLink_CostsAFewSeconds()
    {
        var started = Process.GetCurrentProcess().TotalProcessorTime;
        var lab = new Lab(1, DatagramProfile.Link(100e6, Delay, Delay)) { Answers = true };
        lab.SendEvery(TimeSpan.FromMicroseconds(120), 500_000);
        output.WriteLine($"500,000 datagrams each way, {lab.World.Happened} events: {(Process.GetCurrentProcess().TotalProcessorTime - started).TotalSeconds:F2} s of all cores, other tests counted");
        lab.Arrivals.Should().HaveCount(500_000);
        lab.Answered.Should().Be(500_000);
    }

    /// <summary>Lengths of the runs of losses.</summary>
    private static List<int> LossRuns(LossModel model, int count)
    {
        var random = new DeterministicRandom(9);
        var (isBad, run, runs) = (false, 0, new List<int>());
        for (var i = 0; i < count; i++)
        {
            if (model.Loses(random, ref isBad))
            {
                run++;
                continue;
            }

            if (run > 0)
                runs.Add(run);
            run = 0;
        }

        return runs;
    }

    /// <summary>A sender, a receiver, and one way there.</summary>
    private sealed class Lab : IDatagramReceiver
    {
        private readonly TransportAddress _from;
        private readonly Instant _started;
        private int _next;

        internal Lab(ulong seed, DatagramProfile profile)
        {
            World = new World(seed, isTraced: false);
            Network = new DatagramNetwork(World);
            (_from, To, _started) = (Network.NextAddress(), Network.NextAddress(), World.Now);
            Way = Network.NewWay(profile);
            Network.Route(_from, To, Way);
            Network.Route(To, _from, Network.NewWay(profile));
            Network.Attach(To, this);
            Network.Attach(_from, new Counter(this));
        }

        internal World World { get; }

        internal DatagramNetwork Network { get; }

        internal DatagramWay Way { get; }

        internal TransportAddress To { get; }

        internal bool Answers { get; init; }

        internal int Answered { get; private set; }

        internal List<(int Number, TimeSpan After, TransportAddress From)> Arrivals { get; } = [];

        internal IEnumerable<int> Numbers => Arrivals.Select(a => a.Number);

        public void Arrived(ReadOnlySpan<byte> bytes, TransportAddress from)
        {
            Arrivals.Add((BinaryPrimitives.ReadInt32LittleEndian(bytes), World.Now - _started, from));
            if (Answers)
                Network.Send(To, from, bytes);
        }

        internal void Send(int length)
        {
            Span<byte> bytes = stackalloc byte[length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, _next++);
            Network.Send(_from, To, bytes);
        }

        internal void SendEvery(TimeSpan pause, int count)
        {
            Next();
            Run();

            void Next()
            {
                Send(1472);
                if (--count > 0)
                    World.After(pause, Next);
            }
        }

        internal void Run() => World.RunDry(World.Now + TimeSpan.FromHours(1));

        private sealed class Counter(Lab lab) : IDatagramReceiver
        {
            public void Arrived(ReadOnlySpan<byte> bytes, TransportAddress from) => lab.Answered++;
        }
    }
}
