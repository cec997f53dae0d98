using System.Threading.Channels;
using Crust.Gateway.Relay;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

[Trait("speed", "slow")]
public sealed class RelayTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    public async Task Session_RunsOverACircuit_WhereverTheCalleeIsAttached(int callerAt, int calleeAt)
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        var caller = await world.NodeAsync(callerAt, PathPolicy.RelayOnly);
        var callee = await world.NodeAsync(calleeAt);
        var arrived = Channel.CreateUnbounded<int>();
        callee.Handle("count", async (m, token) =>
        {
            m.IsSigned.Should().BeTrue();
            await arrived.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token);
        });

        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        connection.Path.Should().Be(ConnectionPath.Relayed);
        output.WriteLine(connection.PathReason);
        connection.PathReason.Should().StartWith($"a circuit over gateway {world.Gateways[calleeAt].Id.ToShortString()} at 127.0.0.1:").And.EndWith("this node takes only relayed paths");
        (await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience)).Should().BePositive();
        var long1 = new byte[600_000];
        for (var i = 0; i < 50; i++)
        {
            BitConverter.TryWriteBytes(long1, i);
            await connection.SendAsync("count", i % 10 == 0 ? long1 : BitConverter.GetBytes(i));
        }

        for (var i = 0; i < 50; i++)
            (await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(i);
        var relay = world.Gateways[calleeAt].Relay;
        relay.CircuitCount.Should().Be(1);
        relay.Bytes.Should().BeGreaterThan(3_000_000);
        callee.Connections.Should().Contain(c => c.Peer == caller.Id && c.Path == ConnectionPath.Relayed && c.PathReason.StartsWith("the peer called this node over a gateway"));

        await connection.CloseAsync("done");

        await Eventually.HoldsAsync(() => relay.CircuitCount == 0 && callee.Connections.All(c => c.Peer != caller.Id), "the circuit ends with the session");
        await Eventually.HoldsAsync(() => relay.Memory.Used == 0, "all memory is given back");
    }

    [Fact]
    public async Task Any_EndsOnADirectPath_WithTheCircuitBehindIt()
    {
        await using var world = await RelayWorld.StartAsync();
        var caller = await world.NodeAsync(0);
        var callee = await world.NodeAsync(0);

        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        await Eventually.HoldsAsync(() => connection.Path.IsDirect() && connection.Session.Statistics.Links == 2, "a direct link carries it and the circuit stands by");
        world.Gateways[0].Relay.CircuitCount.Should().Be(1);
        await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
    }

    [Fact]
    public async Task DirectOnly_NeverUsesACircuit()
    {
        await using var world = await RelayWorld.StartAsync();
        var caller = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var callee = await world.NodeAsync(0, PathPolicy.DirectOnly);

        var call = () => caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        (await call.Should().ThrowAsync<ConnectException>()).Which.Message.Should().Contain("the peer takes no circuit");
        world.Gateways[0].Relay.CircuitCount.Should().Be(0);
    }

    [Fact]
    public async Task CircuitTooMany_IsRefusedWithAReason()
    {
        await using var world = await RelayWorld.StartAsync(limits: new RelayLimits { MaxCircuits = 1 });
        var first = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var second = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var callee = await world.NodeAsync(0);
        await first.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        var call = () => second.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        (await call.Should().ThrowAsync<ConnectException>()).Which.Message.Should().Contain("no room for another circuit");
        world.Gateways[0].Relay.Refused.Should().BePositive();
    }
}
