using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>Which datagrams the stories of sessions count to which link.</summary>
public sealed class UtpNetworkTests
{
    /// <summary>
    /// A dialler that moved while its SYN was lost sent it again from the new address; the checker knew the link by the old one alone, took the acceptor's end for an
    /// attacker's, and said that a replayed handshake was confirmed (seeds 31 and 117 once).
    /// </summary>
    [Fact]
    public void ADiallerThatMoves_IsStillTheOneThatDialled()
    {
        var pair = new Pair(out var network, out var dialler, out var acceptor);
        network.Part(dialler, acceptor, pair.World.Now + TimeSpan.FromSeconds(0.5));
        bool? isGood = null;
        dialler.Dial(acceptor.Identity.Id, LinkRank.Direct, good => isGood = good);
        pair.World.After(TimeSpan.FromSeconds(0.2), () => network.Utp!.Move(network.Utp.HostOf(dialler)));
        pair.World.Run(pair.World.Now + TimeSpan.FromSeconds(15));
        isGood.Should().BeTrue();
        acceptor.Peers.Find(dialler.Identity.Id).Should().NotBeNull();
    }

    /// <summary>The other way round: what somebody else plays again is still known as an attack, and nothing comes of it.</summary>
    [Fact]
    public void AReplay_IsNobodysLink()
    {
        var pair = new Pair(out var network, out var dialler, out var acceptor);
        dialler.Dial(acceptor.Identity.Id, LinkRank.Direct, _ => { });
        pair.World.Run(pair.World.Now + TimeSpan.FromSeconds(15));
        network.Recorder.Count.Should().Be(1);
        network.Replay();
        pair.World.Run(pair.World.Now + TimeSpan.FromSeconds(30));
        pair.World.Trace.Should().ContainSingle(line => line.EndsWith("of an attacker", StringComparison.Ordinal));
        acceptor.Links.Should().OnlyContain(l => l.Session != null);
    }

    /// <summary>Two nodes on calm ways, and nothing that happens by itself.</summary>
    private sealed class Pair
    {
        internal Pair(out Network network, out SimulatedNode dialler, out SimulatedNode acceptor)
        {
            // The first seed of its kind whose links are all µTP.
            World = new World(10, isTraced: true);
            var scenario = Scenario.Draw(World);
            scenario.HasDatagrams.Should().BeTrue();
            scenario.UtpShare.Should().Be(1);
            var directory = new Directory(scenario) { IsHealed = true };
            network = new Network(World, scenario);
            dialler = new SimulatedNode(scenario, network, directory, "A");
            acceptor = new SimulatedNode(scenario, network, directory, "B");
            network.Add(dialler);
            network.Add(acceptor);
            foreach (var way in network.Utp!.Ways)
                way.Profile = Datagrams.DatagramProfile.Link(10e6, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100));
        }

        internal World World { get; }
    }
}
