using Crust.Grains.Abstractions;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>Silos that roll before their gateways: those of the release before prove nothing, and are believed only where the operator says so.</summary>
[Trait("speed", "slow")]
public sealed class UnprovenGatewayTests : IDisposable
{
    private readonly TestPeer _gateway = new();
    private readonly TestPeer _peer = new();
    private readonly ulong _epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private GatewayHeartbeat Heartbeat => new(_epoch, [$"tcp://127.0.0.1:4000/{_gateway.Id}"], "test", 1, false);

    public void Dispose()
    {
        _gateway.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task AGatewayOfTheReleaseBefore_IsServed_WhereTheSiloSaysSo()
    {
        await using var cluster = await TestCluster.StartAsync(acceptUnprovenGateways: true);
        var zone = cluster.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(TestPeer.Network, _peer.Zone));
        (await zone.AnnounceAsync(_gateway.Id, _epoch, [_peer.Announce(_gateway.Id, 9, DateTimeOffset.UtcNow)])).Outcomes.Should().OnlyContain(o => o.Result == AnnounceResult.Accepted);
        (await cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None)).Value!.Gateway.Should().Be(_gateway.Id);
        (await ExchangeAsync(cluster.Client)).Should().Be(ExchangeStatus.Ok);
        await zone.WithdrawAsync(_gateway.Id, [new PeerWithdrawal(_peer.Id, 9)]);
        (await cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None)).Value.Should().BeNull();

        // Whoever shows a proof is held to it.
        var mailbox = cluster.Grains.GetGrain<IGatewayGrain>(GrainKeys.Gateway(TestPeer.Network, _gateway.Id));
        (await mailbox.ExchangeProvenAsync(0, 0, 0, 0, Heartbeat, _peer.Prove(_epoch))).Status.Should().Be(ExchangeStatus.Unproven);
    }

    [Theory]
    [InlineData(true, ExchangeStatus.Ok)]
    [InlineData(false, ExchangeStatus.Unproven)]
    public async Task TheSilosSwitch_DecidesIt_AndIsWarnedOf(bool isGiven, ExchangeStatus answer)
    {
        using var folder = new TemporaryFolder();
        string[] given = isGiven ? ["--accept-unproven-gateways"] : [];
        await using var silo = CrustProcess.Silo(
            folder, ["--connection", folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--network", "cluster-tests", "--no-gateway", "--json", .. given]);
        var ready = await silo.EventAsync("ready");
        var options = new Client.CrustClientOptions { Network = "cluster-tests" };
        options.EndPoints.Add($"127.0.0.1:{ready.Number("gatewayPort")}");
        await using var client = new Client.CrustClusterClient(options);
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        (await ExchangeAsync(client)).Should().Be(answer);
        silo.Events.Where(e => e.Name == "warning").Select(e => e.Text("what").Contains("--accept-unproven-gateways", StringComparison.Ordinal)).Should().Equal(isGiven ? [true] : []);
    }

    private async Task<ExchangeStatus> ExchangeAsync(Client.CrustClusterClient client) =>
        (await client.ExchangeAsync(_gateway.Id, 0, 0, 0, 0, Heartbeat, proof: null, CancellationToken.None)).Value!.Status;
}
