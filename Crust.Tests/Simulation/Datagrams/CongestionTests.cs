using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// What µTP does to a link and to those it shares it with: 100 Mbit/s, 50 ms there and back, a queue of the bandwidth-delay product unless a test says
/// otherwise. Each test prints what it measured; what its name promises is asserted. A seed gives the same figures on every machine.
/// </summary>
[Trait("speed", "slow")]
public sealed class CongestionTests(ITestOutputHelper output)
{
    private const double Link = 100;

    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(25);

    public static TheoryData<ulong> Seeds => [1, 2, 3];

    /// <summary>Those that the controller was made with, and those that it had not seen.</summary>
    public static TheoryData<ulong> SharedSeeds => [.. Enumerable.Range(1, IsFull ? 20 : 5).Select(i => (ulong)i)];

    private static bool IsFull => Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AFlowAlone_UsesNineTenthsOfTheLink_AndKeepsTheQueueAtItsTarget(ulong seed)
    {
        var world = NewWorld(seed, LossModel.None);
        var flow = world.AddUtp();
        world.RunTo(60);
        var rate = flow.Rate(0, 60);
        var queue = world.QueueDelay(5, 60);
        output.WriteLine($"seed {seed}: {rate / Link:P1} of the link from the first second on, {flow.Rate(5, 60) / Link:P1} after 5 s; queueing delay {queue:F1} ms "
            + $"(a tenth below {world.QueueDelay(5, 60, 0.1):F1}, a tenth above {world.QueueDelay(5, 60, 0.9):F1}); {world.Forward.Statistics}");
        rate.Should().BeGreaterThan(0.9 * Link);
        queue.Should().BeInRange(40, 80);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AQueueWithMoreRoomThanTheTarget_IsKeptAtTheTarget(ulong seed)
    {
        var world = NewWorld(seed, LossModel.None, queue: TimeSpan.FromMilliseconds(300));
        var flow = world.AddUtp();
        world.RunTo(60);
        output.WriteLine($"seed {seed}: {flow.Rate(0, 60) / Link:P1} of the link; queueing delay {world.QueueDelay(5, 60):F1} ms; {world.Forward.Statistics}");
        flow.Rate(0, 60).Should().BeGreaterThan(0.9 * Link);
        world.QueueDelay(5, 60).Should().BeInRange(40, 80);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ALossOfOneInAThousandAtRandom_LeavesThreeTenthsOfTheLink(ulong seed)
    {
        var rate = Alone(seed, 0.001, out var reno);
        output.WriteLine($"seed {seed}: {rate / Link:P1} of the link, a Reno-like sender {reno / Link:P1}");
        rate.Should().BeGreaterThan(0.3 * Link);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ALossOfOneInAHundredAtRandom_LeavesThreeTimesWhatRenoHas(ulong seed)
    {
        var rate = Alone(seed, 0.01, out var reno);
        output.WriteLine($"seed {seed}: {rate:F1} Mbit/s, a Reno-like sender {reno:F1}: {rate / reno:F1} times");
        rate.Should().BeGreaterThan(3 * reno);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AQueueOfTenPackets_LeavesARenoLikeCompetitorHalfOfWhatItWouldHaveAlone(ulong seed)
    {
        var alone = NewWorld(seed, LossModel.None, packets: 10);
        var reno = alone.AddRival(WindowGrowth.Reno);
        alone.RunTo(120);
        var world = NewWorld(seed, LossModel.None, packets: 10);
        var utp = world.AddUtp();
        var competitor = world.AddRival(WindowGrowth.Reno, startSeconds: 10);
        world.RunTo(120);
        var (kept, had) = (competitor.Rate(30, 120), reno.Rate(30, 120));
        output.WriteLine($"seed {seed}: alone {had:F1} Mbit/s, beside µTP {kept:F1}: {kept / had:P0} of it, {kept / (kept + utp.Rate(30, 120)):P0} of both; µTP {utp.Rate(30, 120):F1}");
        kept.Should().BeGreaterThan(0.5 * had);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ATcpLikeFlow_HasFourFifthsWithinFiveSeconds(ulong seed)
    {
        foreach (var growth in new[] { WindowGrowth.Cubic, WindowGrowth.Reno })
        {
            var world = NewWorld(seed, LossModel.None);
            var utp = world.AddUtp();
            var tcp = world.AddRival(growth, startSeconds: 20);
            world.RunTo(60);
            output.WriteLine($"seed {seed}, {growth}: in its sixth second {tcp.Rate(25, 26) / Link:P0} of the link, seconds 5 to 40 {tcp.Rate(25, 60) / Link:P0}; µTP {utp.Rate(10, 20) / Link:P0} before, {utp.Rate(25, 60) / Link:P0} beside it");
            tcp.Rate(25, 26).Should().BeGreaterThan(0.8 * Link);
            tcp.Rate(25, 60).Should().BeGreaterThan(0.27 * Link);
        }
    }

    [Theory]
    [MemberData(nameof(SharedSeeds))]
    public void ThreeFlows_FillTheLink_AndAreWithinAFifthOfOneAnother_OverTheSecondMinute(ulong seed)
    {
        var world = NewWorld(seed, LossModel.None);
        Meter[] flows = [world.AddUtp(), world.AddUtp(startSeconds: 3), world.AddUtp(startSeconds: 10)];
        world.RunTo(120);
        var rates = flows.Select(f => f.Rate(60, 120)).ToArray();
        output.WriteLine($"seed {seed}: {string.Join(", ", rates.Select(r => $"{r:F1}"))} Mbit/s, together {rates.Sum() / Link:P0} of the link; queueing delay {world.QueueDelay(60, 120):F1} ms; most to least {rates.Max() / rates.Min():F2}");
        rates.Sum().Should().BeGreaterThan(0.9 * Link);
        (rates.Max() / rates.Min()).Should().BeLessThanOrEqualTo(1.2);
    }

    [Theory]
    [InlineData(1UL)]
    public void AThousandFlows_AllProgress_TheSlowestWithThreeTenthsOfTheMean(ulong seed)
    {
        Assert.SkipUnless(IsFull, "takes a minute or more: CRUST_FULL=1 runs it");
        // A gigabit, so that a share is more than the smallest window: 417 packets of 100 Mbit/s are less than one a round trip for each.
        var profile = DatagramProfile.Link(1e9, OneWay, OneWay * 2);
        var world = new Dumbbell(seed, profile, profile);
        var flows = Enumerable.Range(0, 1000).Select(i => world.AddUtp(startSeconds: i * 0.002)).ToArray();
        // Who came while the queue stood takes it for the path, until several slowdowns have shown him the path empty.
        world.RunTo(60);
        var rates = flows.Select(f => f.Rate(40, 60)).Order().ToArray();
        output.WriteLine($"seed {seed}: slowest {rates[0]:F2}, mean {rates.Average():F2}, fastest {rates[^1]:F2} Mbit/s; {world.Forward.Statistics}");
        rates[0].Should().BeGreaterThan(0.3 * rates.Average(), "all progress");
    }

    private static double Alone(ulong seed, double loss, out double reno)
    {
        var world = NewWorld(seed, LossModel.Bernoulli(loss));
        var flow = world.AddUtp();
        world.RunTo(90);
        var other = NewWorld(seed, LossModel.Bernoulli(loss));
        var rival = other.AddRival(WindowGrowth.Reno);
        other.RunTo(90);
        reno = rival.Rate(10, 90);
        return flow.Rate(10, 90);
    }

    private static Dumbbell NewWorld(ulong seed, LossModel loss, TimeSpan? queue = null, int packets = int.MaxValue)
    {
        var forward = DatagramProfile.Link(Link * 1e6, OneWay, queue ?? (OneWay * 2)) with { Loss = loss, QueuePackets = packets };
        return new Dumbbell(seed, forward, DatagramProfile.Link(Link * 1e6, OneWay, TimeSpan.FromSeconds(1)));
    }
}
