using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>The rivals of µTP in the simulator behave like those that they stand for: otherwise a comparison with them says nothing.</summary>
public sealed class RivalFlowTests(ITestOutputHelper output)
{
    private const double MegabitsPerSecond = 100;

    /// <summary>What 1,448 of 1,500 bytes make of it.</summary>
    private const double Goodput = MegabitsPerSecond * RivalFlow.PayloadLength / 1500;

    [Theory]
    [InlineData(0.0003)]
    [InlineData(0.001)]
    [InlineData(0.01)]
    [InlineData(0.03)]
    public void Reno_HasTheRateOfItsLaw_WhenPacketsAreLostAtRandom(double loss)
    {
        // Mathis, Semke, Mahdavi and Ott (1997), each packet acknowledged: 1.22 packets a round trip, divided by the root of the loss rate.
        var law = RivalFlow.PayloadLength * 8 / 0.05 * Math.Sqrt(1.5 / loss) / 1e6;
        foreach (var seed in new ulong[] { 1, 2 })
        {
            var world = new Dumbbell(seed, DatagramProfile.Link(100e6, TimeSpan.FromMilliseconds(25), TimeSpan.FromSeconds(1)) with { Loss = LossModel.Bernoulli(loss) }, Back);
            var flow = world.AddRival(WindowGrowth.Reno);
            world.RunTo(240);
            output.WriteLine($"loss {loss:P2}, seed {seed}: {flow.Rate(60, 240):F2} Mbit/s, the law says {law:F2}; {flow.Rival!.Timeouts} timeouts");
            flow.Rate(60, 240).Should().BeInRange(law * 0.7, law * 1.3);
        }
    }

    [Fact]
    public void Reno_FillsALinkWithAQueueOfItsBandwidthDelayProduct_AndHalvesForEachOverflow()
    {
        var world = NewWorld(queueMilliseconds: 50);
        var flow = world.AddRival(WindowGrowth.Reno);
        world.RunTo(15);
        var window = flow.Rival!.Window;
        var (largest, smallest, before, reductions) = (0.0, double.MaxValue, window.Packets, window.Reductions);
        for (var time = 15.0; time < 100; time += 0.01)
        {
            world.RunTo(time);
            if (window.Reductions > reductions)
                window.Packets.Should().BeApproximately(before / 2, before * 0.02, "a loss halves the window, and only one of a window does");
            else
                (window.Packets - before).Should().BeLessThan(0.35, "it grows by one a round trip");
            (before, reductions) = (window.Packets, window.Reductions);
            (largest, smallest) = (Math.Max(largest, before), Math.Min(smallest, before));
        }

        output.WriteLine($"{flow.Rate(15, 100):F1} Mbit/s; the window is between {smallest:F0} and {largest:F0} packets; {window.Reductions} reductions");
        flow.Rate(15, 100).Should().BeGreaterThan(Goodput * 0.97);
        largest.Should().BeInRange(780, 870, "what is under way and the queue are 417 packets each");
        smallest.Should().BeInRange(380, 440);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TwoOfAKind_ShareALink(bool isCubic)
    {
        var growth = isCubic ? WindowGrowth.Cubic : WindowGrowth.Reno;
        var world = NewWorld(queueMilliseconds: 50);
        var (one, other) = (world.AddRival(growth), world.AddRival(growth, startSeconds: 5));
        world.RunTo(180);
        output.WriteLine($"{growth}: {one.Rate(60, 180):F1} and {other.Rate(60, 180):F1} Mbit/s");
        (one.Rate(60, 180) + other.Rate(60, 180)).Should().BeGreaterThan(Goodput * 0.9);
        (one.Rate(60, 180) / other.Rate(60, 180)).Should().BeInRange(0.6, 1.7);
    }

    [Fact]
    public void Cubic_KeepsSevenTenths_AndIsBackAtItsLargestAsFastAsItsLawSays()
    {
        var world = NewWorld(queueMilliseconds: 50);
        var flow = world.AddRival(WindowGrowth.Cubic);
        world.RunTo(20);
        var reductions = flow.Rival!.Window.Reductions;
        world.RunTo(120);
        // RFC 9438 §4.2: the cube root of 0.3 × 834 / 0.4 seconds to the plateau, then about as much until the queue overflows, which it does from the plateau on.
        var period = 100.0 / (flow.Rival.Window.Reductions - reductions);
        output.WriteLine($"{flow.Rate(20, 120):F1} Mbit/s, a loss every {period:F1} s");
        period.Should().BeInRange(5, 15);
        flow.Rate(20, 120).Should().BeGreaterThan(Goodput * 0.97);
    }

    [Fact]
    public void Everything_Arrives_WhateverTheNetworkDoes()
    {
        var faults = DatagramProfile.Link(10e6, TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(50)) with
        {
            Loss = LossModel.Bursts(0.02, 3), Reordered = 0.02, Duplicated = 0.02, Jitter = TimeSpan.FromMilliseconds(2),
        };
        var world = new Dumbbell(1, faults, faults);
        var flow = world.AddRival(WindowGrowth.Reno);
        // Bursts of losses may end in timeouts of many seconds, as TCP's do.
        for (var time = 20; time <= 120; time += 20)
        {
            world.RunTo(time);
            output.WriteLine($"seconds {time - 20} to {time}: {flow.Rate(time - 20, time):F2} Mbit/s, {flow.Rival!.Timeouts} timeouts so far");
            flow.Rate(time - 20, time).Should().BeGreaterThan(0);
        }

        flow.Rival!.Stop();
    }

    private static DatagramProfile Back => DatagramProfile.Link(100e6, TimeSpan.FromMilliseconds(25), TimeSpan.FromSeconds(1));

    private static Dumbbell NewWorld(double queueMilliseconds) =>
        new(1, DatagramProfile.Link(100e6, TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(queueMilliseconds)), Back);
}
