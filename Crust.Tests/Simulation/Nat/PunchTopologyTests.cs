using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Nat;

/// <summary>What is not in the matrix: NATs behind NATs, one NAT for both, hosts beside us, NATs that take what comes unasked, lossy ways, IPv6.</summary>
public sealed class PunchTopologyTests(ITestOutputHelper output)
{
    private const ulong Seeds = 20;

    [Theory]
    [InlineData(NatKind.Linux, NatKind.Linux)]
    [InlineData(NatKind.Linux, NatKind.PortRestricted)]
    [InlineData(NatKind.Linux, NatKind.Symmetric)]
    [InlineData(NatKind.Linux, NatKind.SymmetricSequential)]
    public void ARouterThatTakesWhatComesUnasked_IsNotSpoilt(object left, object right) =>
        Tell($"{left} with {right}, both taking what comes unasked", seed => new PunchStory(seed, (NatKind)left, (NatKind)right, options: new NatOptions { TakesUnasked = true }));

    [Theory]
    [InlineData(NatKind.PortRestricted, NatKind.PortRestricted)]
    [InlineData(NatKind.SymmetricSequential, NatKind.SymmetricSequential)]
    [InlineData(NatKind.PortRestricted, NatKind.Symmetric)]
    public void ALossyWay_DelaysOnly(object left, object right) => Tell(
        $"{left} with {right}, 15 % lost",
        seed => new PunchStory(seed, (NatKind)left, (NatKind)right, new DatagramProfile { Delay = TimeSpan.FromMilliseconds(40), Loss = LossModel.Bernoulli(0.15) }),
        atLeast: 0.9);

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(7)]
    public void ANatThatCountsOtherwise_IsPredicted(int delta) => Tell(
        $"counting by {delta}",
        seed => new PunchStory(seed, NatKind.SymmetricSequential, NatKind.SymmetricSequential, options: new NatOptions { Delta = delta }));

    [Theory]
    [InlineData(NatKind.PortRestricted, NatKind.PortRestricted)]
    [InlineData(NatKind.FullCone, NatKind.Linux)]
    public void ACarriersNat_BehindTheHomes_IsPassed(object home, object carrier) => Tell(
        $"{home} behind {carrier}",
        seed =>
        {
            var (world, internet, servers) = NewWorld(seed);
            var outer = new SimulatedNat(world, internet, PunchStory.Public(30), (NatKind)carrier, new NatOptions());
            var inner = new SimulatedNat(world, outer, TransportAddress.FromIPv4(0x64400002, 0).Address, (NatKind)home, new NatOptions());
            var other = new SimulatedNat(world, internet, PunchStory.Public(40), NatKind.PortRestricted, new NatOptions());
            return new PunchStory(
                world, internet, new SimulatedHost(inner, PunchStory.Private(1, 2)), new SimulatedHost(other, PunchStory.Private(1, 2)), servers, TimeSpan.FromMilliseconds(60));
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TwoHostsBehindOneNat_MeetInside(bool hairpins) => Tell(
        $"one NAT, hairpin {hairpins}",
        seed =>
        {
            var (world, internet, servers) = NewWorld(seed);
            var nat = new SimulatedNat(world, internet, PunchStory.Public(30), NatKind.PortRestricted, new NatOptions { Hairpins = hairpins });
            return new PunchStory(
                world, internet, new SimulatedHost(nat, PunchStory.Private(1, 2)), new SimulatedHost(nat, PunchStory.Private(1, 3)), servers, TimeSpan.FromMilliseconds(60));
        });

    [Fact]
    public void TwoHomesBehindOneCarriersNat_MeetByHairpin() => Tell(
        "one carrier's NAT",
        seed =>
        {
            var (world, internet, servers) = NewWorld(seed);
            var carrier = new SimulatedNat(world, internet, PunchStory.Public(30), NatKind.FullCone, new NatOptions { Hairpins = true });
            var left = new SimulatedNat(world, carrier, TransportAddress.FromIPv4(0x64400002, 0).Address, NatKind.PortRestricted, new NatOptions());
            var right = new SimulatedNat(world, carrier, TransportAddress.FromIPv4(0x64400003, 0).Address, NatKind.PortRestricted, new NatOptions());
            return new PunchStory(
                world, internet, new SimulatedHost(left, PunchStory.Private(1, 2)), new SimulatedHost(right, PunchStory.Private(2, 2)), servers, TimeSpan.FromMilliseconds(60));
        });

    [Fact]
    public void IPv6BehindFirewalls_IsDirect() => Tell(
        "IPv6, two firewalls",
        seed =>
        {
            var (world, internet, _) = NewWorld(seed);
            var address = ((UInt128)0x2001_0DB8 << 96) | 1;
            var server = new StunServer(internet, address + 100);
            var left = new SimulatedNat(world, internet, default, NatKind.Firewall, new NatOptions());
            var right = new SimulatedNat(world, internet, default, NatKind.Firewall, new NatOptions());
            return new PunchStory(world, internet, new SimulatedHost(left, address), new SimulatedHost(right, address + 1), server.Addresses, TimeSpan.FromMilliseconds(60));
        });

    [Fact]
    public void WithoutAnyServer_HostsOfOneLinkMeet() => Tell(
        "no server",
        seed =>
        {
            var (world, internet, _) = NewWorld(seed);
            var nat = new SimulatedNat(world, internet, PunchStory.Public(30), NatKind.PortRestricted, new NatOptions());
            return new PunchStory(
                world, internet, new SimulatedHost(nat, PunchStory.Private(1, 2)), new SimulatedHost(nat, PunchStory.Private(1, 3)), [], TimeSpan.FromMilliseconds(60));
        });

    private static (World World, SimulatedInternet Internet, IReadOnlyList<TransportAddress> Servers) NewWorld(ulong seed)
    {
        var world = new World(seed, isTraced: false);
        var internet = new SimulatedInternet(world, static () => new DatagramProfile { Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(3), Loss = LossModel.Bernoulli(0.01) });
        var servers = new[] { new StunServer(internet, PunchStory.Public(1)), new StunServer(internet, PunchStory.Public(2)) };
        return (world, internet, [.. servers[0].Addresses, servers[1].Addresses[0]]);
    }

    private void Tell(string what, Func<ulong, PunchStory> story, double atLeast = 1)
    {
        var outcomes = new PunchOutcome[Seeds];
        Parallel.For(0, (int)Seeds, i => outcomes[i] = story((ulong)i + 1).Run());
        var times = outcomes.Where(o => o.IsDirect).Select(o => o.Time.TotalMilliseconds).Order().ToList();
        output.WriteLine($"{what}: {times.Count}/{Seeds} direct, median {(times.Count == 0 ? 0 : times[times.Count / 2]):F0} ms, attempts {outcomes.Average(o => o.Attempts):F2}");
        ((double)times.Count / Seeds).Should().BeGreaterThanOrEqualTo(atLeast, string.Join("; ", outcomes.Select((o, i) => (o, i)).Where(x => !x.o.IsDirect).Select(x => $"seed {x.i + 1}: {x.o}")));
    }
}
