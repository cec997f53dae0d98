using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Tests.Cluster;
using FluentAssertions;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Peers that ask a gateway too much.</summary>
public sealed class GatewayFloodTests(ITestOutputHelper output)
{
    [Fact]
    public async Task FloodOfRequests_IsHeldBackByCredit_AndOthersAreServed()
    {
        await using var gateway = await Loopback.StartAsync(o => o.IsGateway = true);
        var options = new CrustClientOptions();
        options.EndPoints.Add("127.0.0.1:1");
        await using var client = new CrustClusterClient(options, NullLoggerFactory.Instance, TimeProvider.System);
        var peers = new AttachedPeers();
        await using var cluster = new ClusterLink(
            client, gateway.Id, () => new GatewayHeartbeat(1, [], "", 0, false), peers, TimeProvider.System, NullLogger<ClusterLink>.Instance);
        await using var dialBack = TestDialBack.ThatReachesNobody(gateway, cluster);
        gateway.HandleInternal(GatewayCodec.Protocol, new RequestHandler(gateway, peers, cluster, dialBack, () => [], new MonotonicClock(TimeProvider.System)).HandleAsync);
        using var flooder = await RawPeer.ConnectAsync(gateway, receiveBuffer: 4096);
        await flooder.HandshakeAsync();
        await Eventually.HoldsAsync(() => gateway.Connections.Count == 1, "the handshake is done");
        var connection = gateway.Connections[0];

        // Half of them want what only attached peers may ask.
        var peer = ByteString.CopyFrom(flooder.Identity.Id.ToByteArray());
        var sent = await new Machine(flooder, gateway.Id).SendUntilBlockedAsync(GatewayCodec.Protocol, i => (i % 2 == 0
            ? new GatewayEnvelope { Id = (ulong)i + 1, ObserveRequest = new ObserveRequest() }
            : new GatewayEnvelope { Id = (ulong)i + 1, FindRequest = new FindRequest { Peer = peer } }).ToByteArray());

        output.WriteLine($"{sent} requests went out before credit ended");
        sent.Should().BeLessThanOrEqualTo(Machine.MostMessages);
        await Eventually.HoldsAsync(() => connection.Statistics.MessagesReceived == sent, "all that credit allowed is taken");
        var statistics = connection.Session.Statistics;
        (statistics.QueuedMessages + statistics.UnacknowledgedMessages).Should().BeLessThanOrEqualTo(Machine.MostMessages);
        peers.Count.Should().Be(0);
        await Loopback.ServesHonestPeersAsync(gateway);
        flooder.Reset();
        await Loopback.HasNoSessionsAsync(gateway);
    }

    [Fact]
    public void Allowance_ThrottlesEachKindOfRequest_ByItself()
    {
        var allowance = new RequestAllowance();
        var now = new Instant(1);

        Enumerable.Range(0, 1000).Count(_ => allowance.MayAttach(now)).Should().Be(10);
        Enumerable.Range(0, 1000).Count(_ => allowance.MayIntroduce(now)).Should().Be(50);
        Enumerable.Range(0, 1000).Count(_ => allowance.MayLookUp(now)).Should().Be(200);
        Enumerable.Range(0, 1000).Count(_ => allowance.MayIntroduce(now + TimeSpan.FromSeconds(1))).Should().Be(10);
    }
}
