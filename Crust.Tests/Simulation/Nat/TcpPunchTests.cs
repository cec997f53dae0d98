using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Nat;

/// <summary>Simultaneous opens through the kinds of the TCP matrix, with routers and hosts that answer an early SYN with RST among them.</summary>
public sealed class TcpPunchTests(ITestOutputHelper output)
{
    private const ulong Seeds = 6;

    private static readonly NatKind[] Kinds = [NatKind.None, NatKind.Firewall, NatKind.FullCone, NatKind.AddressRestricted, NatKind.PortRestricted, NatKind.Linux];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void EveryPair_Connects(bool routersReset, bool hostsReset)
    {
        var times = new List<double>();
        var failures = new List<string>();
        var resets = 0;
        foreach (var left in Kinds)
        {
            foreach (var right in Kinds)
            {
                for (var seed = 1UL; seed <= Seeds; seed++)
                {
                    if (Punch(seed, left, right, routersReset, hostsReset, ref resets) is { } time)
                        times.Add(time.TotalMilliseconds);
                    else
                        failures.Add($"{left} with {right}, seed {seed}");
                }
            }
        }

        times.Sort();
        output.WriteLine(
            $"routers that reset: {routersReset}, hosts that reset: {hostsReset}: {times.Count} connected, {failures.Count} not, {resets} RSTs met; from the agreed moment: median {times[times.Count / 2]:F0} ms, longest {times[^1]:F0} ms");
        failures.Should().BeEmpty();
    }

    private static TimeSpan? Punch(ulong seed, NatKind left, NatKind right, bool routersReset, bool hostsReset, ref int resets)
    {
        var world = new World(seed, isTraced: false);
        var delay = TimeSpan.FromMilliseconds(world.Random.Next(1, 80));
        var internet = new SimulatedInternet(world, () => new DatagramProfile { Delay = delay, Jitter = TimeSpan.FromMilliseconds(5), Loss = LossModel.Bernoulli(0.02) });
        var options = new NatOptions { ResetsUnasked = routersReset };
        var (a, seenA) = Host(10, left);
        var (b, seenB) = Host(20, right);
        // The initiator tells the other to start, and dials half a round trip later, as far as it can tell.
        var start = world.Now + TimeSpan.FromMilliseconds(50);
        world.At(start, () => b.Dial([seenA]));
        world.At(start + world.Between(TimeSpan.Zero, delay), () => a.Dial([seenB]));
        while (world.Now < start + TimeSpan.FromSeconds(6) && (a.Connected.Count == 0 || b.Connected.Count == 0))
            world.Run(world.Now + TimeSpan.FromMilliseconds(1));
        resets += a.Resets + b.Resets;
        return a.Connected.Count > 0 && b.Connected.Count > 0 ? world.Now - start : null;

        (TcpPeer Peer, TransportAddress Seen) Host(uint number, NatKind kind)
        {
            INatSite site = kind == NatKind.None ? internet : new SimulatedNat(world, internet, PunchStory.Public(number), kind, options);
            var host = new SimulatedHost(site, kind is NatKind.None or NatKind.Firewall ? PunchStory.Public(number) : PunchStory.Private(number, 2));
            var peer = new TcpPeer(world, host, hostsReset);
            // What the gateway saw of the port.
            var seen = new TransportAddress(UInt128.Zero, 0);
            var gateway = PunchStory.Public(100 + number);
            internet.Attach(gateway, (from, _, _) => seen = from);
            for (var i = 0; i < 5 && seen.Port == 0; i++)
            {
                host.Send(peer.Local.Port, new TransportAddress(gateway, 443), [(byte)Segment.Ack]);
                world.Run(world.Now + TimeSpan.FromMilliseconds(200));
            }

            return (peer, seen);
        }
    }
}
