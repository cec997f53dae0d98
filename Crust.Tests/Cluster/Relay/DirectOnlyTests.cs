using System.Diagnostics;
using System.Threading.Channels;
using Crust.Session.Circuits;
using Crust.Session.Driver;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>Peers that take only direct paths and cannot dial each other: they punch over a control circuit, and nothing else goes over a gateway.</summary>
[Trait("speed", "slow")]
public sealed class DirectOnlyTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    [Theory]
    [InlineData(0, 0, PathPolicy.DirectOnly, PathPolicy.DirectOnly)]
    [InlineData(0, 1, PathPolicy.DirectOnly, PathPolicy.DirectOnly)]
    [InlineData(0, 1, PathPolicy.DirectOnly, PathPolicy.Any)]
    [InlineData(1, 0, PathPolicy.Any, PathPolicy.DirectOnly)]
    public async Task Session_BeginsOnAPunchedLink(int callerAt, int calleeAt, PathPolicy callers, PathPolicy callees)
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        var caller = await world.NodeAsync(callerAt, callers, static o => o.PublishesNothing = true);
        var callee = await world.NodeAsync(calleeAt, callees, static o => o.PublishesNothing = true);
        var arrived = Channel.CreateUnbounded<int>();
        callee.Handle("count", (m, token) => arrived.Writer.WriteAsync(m.Payload.Length, token));
        var paths = new List<ConnectionPath>();
        foreach (var (node, other) in new[] { (caller, callee), (callee, caller) })
            node.PeerConnected += c => Note(c, other.Id);
        var start = Stopwatch.GetTimestamp();

        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken).WaitAsync(Patience);

        output.WriteLine($"{connection.Path} after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms: {connection.PathReason}");
        connection.Path.Should().BeOneOf(ConnectionPath.PunchedUtp, ConnectionPath.PunchedTcp);
        for (var i = 0; i < 20; i++)
            await connection.SendAsync("count", new byte[100_000]);
        for (var i = 0; i < 20; i++)
            (await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(100_000);
        lock (paths)
            paths.Should().NotContain(ConnectionPath.Relayed, "the session begins on the direct link, at both ends");
        await Eventually.HoldsAsync(() => world.Gateways.TrueForAll(static g => g.Relay.CircuitCount == 0), "the control circuit ends once it has served");
        world.Gateways.Sum(static g => g.Relay.Bytes).Should().BeLessThan(CircuitLimits.ControlBytes, "no application's byte went over a gateway");

        void Note(PeerConnection made, Identity.PeerId other)
        {
            if (made.Peer != other)
                return;
            lock (paths)
                paths.Add(made.Path);
        }
    }

    [Fact]
    public async Task WithoutADirectPath_TheErrorSaysSo_WithinItsTime()
    {
        await using var world = await RelayWorld.StartAsync();
        var caller = await world.NodeAsync(0, PathPolicy.DirectOnly, static o =>
        {
            o.PublishesNothing = true;
            o.Transports = Transports.Utp;
            o.ConnectTimeout = TimeSpan.FromSeconds(8);
        });
        var callee = await world.NodeAsync(0, PathPolicy.Any, static o =>
        {
            o.PublishesNothing = true;
            o.Transports = Transports.Tcp;
        });
        var start = Stopwatch.GetTimestamp();

        var call = () => caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken).WaitAsync(Patience);

        var failure = (await call.Should().ThrowAsync<ConnectException>()).Which;
        output.WriteLine($"after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {failure.Message}");
        failure.Failure.Should().Be(ConnectFailure.NoDirectPath);
        failure.Message.Should().Contain("this node takes no other");
        callee.Connections.Should().NotContain(c => c.Peer == caller.Id);
        await Eventually.HoldsAsync(() => world.Gateways[0].Relay.CircuitCount == 0, "nothing is left of it");
        await Eventually.HoldsAsync(() => world.Gateways[0].Relay.Memory.Used == 0, "all memory is given back");
    }

    [Fact]
    public async Task ASessionThatLosesItsLink_ComesBackOnADirectOne()
    {
        await using var world = await RelayWorld.StartAsync();
        var caller = await world.NodeAsync(0, PathPolicy.DirectOnly, static o => o.PublishesNothing = true);
        var callee = await world.NodeAsync(0, PathPolicy.DirectOnly, static o => o.PublishesNothing = true);
        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken).WaitAsync(Patience);
        var before = connection.Session;
        var moved = Channel.CreateUnbounded<bool>();
        caller.PeerPathChanged += c => moved.Writer.TryWrite(c == connection);

        // A link that was just adopted may not be nominated yet.
        await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        before.Act(static machine => ((LinkPump)machine.ActiveLink!.Tag!).Stop("the test cuts it"));
        await Eventually.HoldsAsync(() => moved.Reader.TryRead(out _), "the link is lost");

        await Eventually.HoldsAsync(() => !connection.IsSuspended, "another one is made", Patience);
        await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        connection.Session.Should().BeSameAs(before);
        connection.Path.Should().NotBe(ConnectionPath.Relayed);
    }
}
