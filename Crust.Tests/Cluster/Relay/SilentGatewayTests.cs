using System.Diagnostics;
using System.Net;
using Crust.Identity;
using Crust.Tests.Processes.Traffic;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>A gateway, or the way to it, that goes without a word: no reset, no end, nothing comes and nothing gets through.</summary>
[Trait("speed", "slow")]
public sealed class SilentGatewayTests(ITestOutputHelper output)
{
    /// <summary>A silent gateway is waited for max(1 s, 4 round trips), and the next one attached to: three times that, and far less than the 8 s that an answer may take.</summary>
    private static readonly TimeSpan FirstConnect = TimeSpan.FromSeconds(5);

    /// <summary>What is promised of path loss.</summary>
    private static readonly TimeSpan PathLoss = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task FirstConnect_AsksTheNextGateway_InsteadOfWaitingForTheAnswer()
    {
        // It waited 8 s, and then failed: NotAttached.
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        await using var route = RouteTo(world, 0);
        var caller = await CallerAsync(world, route);
        var callee = await world.NodeAsync(1);
        await caller.ConnectionOf(caller.Connections[0].Session).PingAsync(TestContext.Current.CancellationToken);
        route.Stall(time: null);
        var start = Stopwatch.GetTimestamp();

        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        var took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"connected after {took.TotalMilliseconds:0} ms");
        took.Should().BeGreaterThan(TimeSpan.FromMilliseconds(900), "the gateway had its chance").And.BeLessThan(FirstConnect);
        await connection.PingAsync(TestContext.Current.CancellationToken);
        caller.Gateway.Should().Be(world.Gateways[1].Id);
    }

    [Fact]
    public async Task Session_GoesOnOverAnotherGateway_WhenTheOneItGoesOverFallsSilent()
    {
        // It took 12 s and more: the suspicion, an answer that never came, addresses that nobody answered at.
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        await using var route = RouteTo(world, 0);
        var caller = await CallerAsync(world, route);
        var callee = await world.NodeAsync(0);
        var arrived = Counted(callee);
        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        await connection.SendAndConfirmAsync("count", new byte[1], TestContext.Current.CancellationToken);
        await connection.PingAsync(TestContext.Current.CancellationToken);
        route.Stall(time: null);
        var start = Stopwatch.GetTimestamp();

        await connection.SendAndConfirmAsync("count", new byte[1], TestContext.Current.CancellationToken);

        var took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"confirmed after {took.TotalMilliseconds:0} ms; {connection.PathReason}");
        took.Should().BeGreaterThan(TimeSpan.FromMilliseconds(900), "the link had its chance").And.BeLessThan(PathLoss * 3);
        arrived().Should().Be(2, "each message arrives once");
        connection.Path.Should().Be(Crust.Transport.ConnectionPath.Relayed);
    }

    [Fact]
    public async Task Session_GoesOn_WhenTheWayToTheOthersGatewayFallsSilent()
    {
        // It took 12 s: our own gateway answered, so that nobody doubted the other one, and each new circuit went the dead way.
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        await using var route = RouteTo(world, 0);
        var caller = await world.NodeAsync(1, PathPolicy.RelayOnly);
        var callee = await world.NodeAsync(0);
        // Else it would call back over the caller's gateway.
        callee.Access.Deny(world.Gateways[1].Id);
        var arrived = Counted(callee);
        var hop = await caller.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, route.EndPoint, world.Gateways[0].Id), TestContext.Current.CancellationToken);
        await hop.PingAsync(TestContext.Current.CancellationToken);
        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        await connection.SendAndConfirmAsync("count", new byte[1], TestContext.Current.CancellationToken);
        await connection.PingAsync(TestContext.Current.CancellationToken);
        route.Stall(time: null);
        var start = Stopwatch.GetTimestamp();

        await connection.SendAndConfirmAsync("count", new byte[1], TestContext.Current.CancellationToken);

        var took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"confirmed after {took.TotalMilliseconds:0} ms; {connection.PathReason}");
        took.Should().BeGreaterThan(TimeSpan.FromMilliseconds(900), "the way had its chance").And.BeLessThan(PathLoss * 3);
        arrived().Should().Be(2, "each message arrives once");
        caller.Gateway.Should().Be(world.Gateways[1].Id, "its own gateway was never silent");
        hop.CloseReason.Should().NotBeNull("the session that went the dead way is given up");
    }

    [Fact]
    public async Task APeerThatWentElsewhereWithoutAWord_IsFoundThere_ByWhoAsksItsFormerGateway()
    {
        // That gateway answered that the peer was there, for two minutes, and each circuit went into the void.
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        await using var route = RouteTo(world, 0);
        var callee = await CallerAsync(world, route);
        var caller = await world.NodeAsync(0);
        callee.Gateway.Should().Be(world.Gateways[0].Id);
        route.Stall(time: null);
        using var nobody = PeerIdentity.Create();
        await FluentActions.Awaiting(() => callee.ConnectAsync(nobody.Id, TestContext.Current.CancellationToken)).Should().ThrowAsync<ConnectException>("so it finds out that its gateway is silent");
        callee.Gateway.Should().Be(world.Gateways[1].Id);
        world.Gateways[0].AttachedCount.Should().Be(2, "the gateway has not missed it yet");
        var start = Stopwatch.GetTimestamp();

        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        var took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"connected after {took.TotalMilliseconds:0} ms");
        took.Should().BeLessThan(FirstConnect);
        await connection.PingAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task GatewayThatAnswersPings_IsKept_HoweverLongItsAnswerTakes()
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        var node = await world.NodeAsync(0);
        var gateway = node.Connections[0].Session;
        // A request that no gateway answers: it asks for nothing.
        var never = new TaskCompletionSource();
        var watching = GatewayProtocol.Driver.GatewayProbe.WatchAsync(gateway, never.Task, isOnce: false, TimeProvider.System);
        var heard = gateway.Statistics.LatestRtt;

        await Eventually.HoldsAsync(() => gateway.Statistics.LatestRtt != heard, "it is asked for a sign of life, and shows one");
        await Eventually.HoldsAsync(() => gateway.Silence > TimeSpan.FromMilliseconds(800), "that is over");
        await Eventually.HoldsAsync(() => gateway.Silence < TimeSpan.FromMilliseconds(500), "it is asked again");

        gateway.Closure.Should().BeNull();
        watching.IsCompleted.Should().BeFalse();
        never.SetResult();
        await watching.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
    }

    /// <summary>Counts the messages that come to a node, and tells how many.</summary>
    private static Func<long> Counted(CrustNode callee)
    {
        var arrived = 0L;
        callee.Handle("count", (_, _) =>
        {
            Interlocked.Increment(ref arrived);
            return ValueTask.CompletedTask;
        });
        return () => Interlocked.Read(ref arrived);
    }

    private static FaultyRoute RouteTo(RelayWorld world, int gateway) =>
        new(IPAddress.Loopback, world.Gateways[gateway].Addresses.First(a => a.Transport == TransportKind.Tcp).EndPoint);

    /// <summary>A node that is attached to the first gateway by the route, may go to the second, and takes no direct path.</summary>
    private static Task<CrustNode> CallerAsync(RelayWorld world, FaultyRoute route) => world.NodeAsync(1, PathPolicy.RelayOnly, options =>
    {
        // In this order: the route first.
        options.Bootstrap.Insert(0, new PeerAddress(TransportKind.Tcp, route.EndPoint, world.Gateways[0].Id));
    });
}
