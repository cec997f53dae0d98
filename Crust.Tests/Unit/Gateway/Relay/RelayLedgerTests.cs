using System.Net;
using Crust.Gateway.Relay;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway.Relay;

public sealed class RelayLedgerTests
{
    private static readonly IPAddress Here = IPAddress.Parse("203.0.113.7"), Neighbour = IPAddress.Parse("203.0.113.200"), Elsewhere = IPAddress.Parse("198.51.100.1");
    private static readonly PeerId[] Peers = [.. Enumerable.Range(1, 20).Select(i => PeerOf((byte)i))];

    [Fact]
    public void Peer_HasItsShare_WhetherItCallsOrIsCalled()
    {
        var ledger = new RelayLedger(new RelayLimits { MaxCircuitsPerPeer = 2 });
        ledger.TryAdd(Peers[0], Peers[1], Here).Should().BeTrue();
        ledger.TryAdd(Peers[2], Peers[0], Here).Should().BeTrue();

        ledger.TryAdd(Peers[0], Peers[3], Here).Should().BeFalse();
        ledger.TryAdd(Peers[3], Peers[0], Here).Should().BeFalse();
        ledger.TryAdd(Peers[1], Peers[2], Here).Should().BeTrue();

        ledger.Remove(Peers[0], Peers[1], Here);
        ledger.TryAdd(Peers[0], Peers[3], Here).Should().BeTrue();
        (ledger.Count, ledger.Refused).Should().Be((3, 2));
    }

    [Fact]
    public void Network_HasItsShare_AndLeavesTheRest()
    {
        var ledger = new RelayLedger(new RelayLimits { MaxCircuits = 8, PrefixShare = 0.25 });
        ledger.TryAdd(Peers[0], Peers[1], Here).Should().BeTrue();
        ledger.TryAdd(Peers[2], Peers[3], Neighbour).Should().BeTrue();

        ledger.TryAdd(Peers[4], Peers[5], Neighbour).Should().BeFalse("both are of one /24");
        ledger.TryAdd(Peers[4], Peers[5], Elsewhere).Should().BeTrue();
    }

    [Fact]
    public void All_HaveABound()
    {
        var ledger = new RelayLedger(new RelayLimits { MaxCircuits = 3, PrefixShare = 1 });
        for (var i = 0; i < 3; i++)
            ledger.TryAdd(Peers[i], Peers[i + 10], null).Should().BeTrue();

        ledger.TryAdd(Peers[5], Peers[6], null).Should().BeFalse();
    }

    [Fact]
    public void Openings_AreCounted_ByTheirCaller()
    {
        var ledger = new RelayLedger(RelayLimits.Default);

        Enumerable.Range(0, 1000).Count(_ => ledger.MayOpen(Peers[0], new Instant(1))).Should().Be(50);
        ledger.MayOpen(Peers[1], new Instant(1)).Should().BeTrue();
        Enumerable.Range(0, 1000).Count(_ => ledger.MayOpen(Peers[0], new Instant(1_000_001))).Should().Be(10);
    }

    private static PeerId PeerOf(byte seed)
    {
        using var identity = PeerIdentity.FromSeed([.. Enumerable.Repeat(seed, 32)]);
        return identity.Id;
    }
}
