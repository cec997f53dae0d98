using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Routing;

/// <summary>A thousand nodes that find each other without any gateway, while half of them come and go.</summary>
[Trait("speed", "slow")]
public sealed class RoutingStoryTests(ITestOutputHelper output)
{
    private const int Nodes = 1_000;

    private static readonly TimeSpan Warming = TimeSpan.FromMinutes(2), Story = TimeSpan.FromMinutes(5), Cycle = TimeSpan.FromMinutes(3);

    /// <summary>One story, and with <c>CRUST_SEEDS</c> one for every 200 of them.</summary>
    public static TheoryData<ulong> Cases => [.. Enumerable.Range(0, Seeds.Share(1)).Select(static i => Seeds.First + (ulong)i)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void AThousandNodes_OfWhichHalfComeAndGo_FindEachOther(ulong seed)
    {
        var world = Populate(seed, hostile: 0);
        Churn(world);
        world.Run(Warming);
        var outcome = Look(world, Story);

        output.WriteLine($"seed={seed}: {outcome}; {world.Requests / (double)Nodes / (Warming + Story).TotalMinutes:0.0} requests a node and minute");
        outcome.Made.Should().BeGreaterThan(1_400);
        outcome.Rate.Should().BeGreaterThanOrEqualTo(0.999, "seed={0}", seed);
        outcome.MostHops.Should().BeLessThanOrEqualTo((int)Math.Log2(Nodes), "seed={0}", seed);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AFifthOfTheIds_FromTwoPrefixes_HidesNobody(ulong seed)
    {
        var world = Populate(seed, hostile: Nodes / 5);
        Churn(world);
        world.Run(Warming);
        var outcome = Look(world, TimeSpan.FromMinutes(4));

        var hostile = world.Peers.Where(static p => p.IsHostile).Select(static p => p.Id).ToHashSet();
        var honest = world.Peers.Where(static p => !p.IsHostile).ToList();
        var share = honest.Average(p => p.Table.Entries.Count(e => hostile.Contains(e.Peer.Id)) / (double)Math.Max(1, p.Table.Count));
        output.WriteLine($"seed={seed}: {outcome}; {share:P1} of an honest table is the attacker's");
        outcome.Rate.Should().BeGreaterThanOrEqualTo(0.99, "seed={0}", seed);
        share.Should().BeLessThan(0.2, "an attacker has no more of a table than of the ids");
    }

    [Fact]
    public void IdsDrawnNearAVictim_FromTwoPrefixes_DoNotHideIt()
    {
        var world = Populate(7, hostile: 0);
        var victim = world.Peers[0];
        // Of 200,000 drawn keys, the 200 nearest to the victim: nearer than nearly all of the honest nodes.
        var near = Enumerable.Range(0, 200_000).Select(_ => world.DrawId()).Select(static id => (Id: id, Position: Position.Of(id)))
            .Order(Comparer<(PeerId Id, Position Position)>.Create((left, right) => victim.Known.Position.CompareDistance(left.Position, right.Position))).Take(Nodes / 5).ToList();
        var hostile = near.Select((n, i) => world.Add(Hostile(i), isHostile: true, n.Id)).ToList();
        foreach (var attacker in hostile)
            Introduce(world, attacker);
        world.Run(Warming);

        var (made, found) = (0, 0);
        for (var i = 0; i < 500; i++)
        {
            var asker = world.Peers[world.Random.Next(1, Nodes)];
            if (asker.Table.Find(victim.Id) is not null)
                continue;
            made++;
            world.LookUp(asker, victim.Known.Position, victim.Id, lookup => found += lookup.Found is not null ? 1 : 0);
            world.Run(TimeSpan.FromMilliseconds(100));
        }

        world.Run(TimeSpan.FromMinutes(1));
        output.WriteLine($"{found} of {made} look-ups found the victim");
        made.Should().BeGreaterThan(100);
        found.Should().BeGreaterThanOrEqualTo((int)(made * 0.99));
    }

    private static RoutingWorld Populate(ulong seed, int hostile)
    {
        var world = new RoutingWorld(seed, loss: 0.01);
        for (var i = 0; i < Nodes - hostile; i++)
            world.Add(world.DrawAddress(512));
        for (var i = 0; i < hostile; i++)
            world.Add(Hostile(i), isHostile: true);
        foreach (var peer in world.Peers)
            Introduce(world, peer);
        return world;
    }

    private static IPAddress Hostile(int index) => new([66, 6, (byte)(index & 1), (byte)(1 + index / 2)]);

    /// <summary>A node is told of a few others, and begins.</summary>
    private static void Introduce(RoutingWorld world, RoutingPeer peer)
    {
        for (var i = 0; i < 5; i++)
            peer.Table.Add(world.Peers[world.Random.Next(world.Peers.Count)].Known, RoutingWorld.Noon);
        world.At(TimeSpan.FromSeconds(world.Random.NextDouble() * 60), () => world.Live(peer));
    }

    /// <summary>Each second node leaves for some minutes, comes back for some, and so on; every fourth time it comes back elsewhere.</summary>
    private static void Churn(RoutingWorld world)
    {
        foreach (var peer in world.Peers.Where(static (p, i) => i % 2 == 0 && !p.IsHostile))
            world.At(TimeSpan.FromMinutes(1) + Some(), () => Leave(peer));

        TimeSpan Some() => Cycle * (0.5 + world.Random.NextDouble());

        void Leave(RoutingPeer peer)
        {
            peer.IsUp = false;
            world.At(Some(), () => Return(peer));
        }

        void Return(RoutingPeer peer)
        {
            if (world.Random.Chance(0.25))
                peer.Move(world.DrawAddress(512));
            peer.IsUp = true;
            world.Live(peer);
            world.At(Some(), () => Leave(peer));
        }
    }

    /// <summary>Random nodes look random ones up, five in a second. What counts is whether what was found leads there; a target that left meanwhile does not count.</summary>
    private static RoutingOutcome Look(RoutingWorld world, TimeSpan time)
    {
        var outcome = new RoutingOutcome();
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMilliseconds(200))
        {
            var (asker, target) = (Someone(), Someone());
            if (asker != target)
                outcome.Look(world, asker, target);
            world.Run(TimeSpan.FromMilliseconds(200));
        }

        world.Run(RoutingLimits.LookupTimeout * 2);
        return outcome;

        RoutingPeer Someone()
        {
            while (true)
            {
                var peer = world.Peers[world.Random.Next(world.Peers.Count)];
                if (peer is { IsUp: true, IsHostile: false })
                    return peer;
            }
        }
    }
}
