using System.Diagnostics;
using Crust.Gateway.Relay;
using Crust.Identity;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>Peers that want more of a relay than is theirs.</summary>
[Trait("speed", "slow")]
public sealed class HostileRelayTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task CallerOfAnotherGateway_NeedsThatGatewaysWord_ForItself_AndForThisCallee()
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        var callee = await world.NodeAsync(1);
        var attacker = await world.NodeAsync(0);
        using var strangersKey = PeerIdentity.Create();
        var connection = await attacker.ConnectToAddressesAsync([.. world.Gateways[1].Addresses]);
        var hop = connection.Session.EnableCircuits(new NoHost());
        var now = DateTimeOffset.UtcNow;

        foreach (var (token, expected) in new (byte[], CircuitCode)[]
        {
            ([], CircuitCode.NotAdmitted),
            ([1, 2, 3], CircuitCode.NotAdmitted),
            (CircuitToken.Sign(strangersKey, attacker.Network, attacker.Id, callee.Id, now), CircuitCode.NotAdmitted),
            (CircuitToken.Sign(world.Key(0), attacker.Network, strangersKey.Id, callee.Id, now), CircuitCode.NotAdmitted),
            (CircuitToken.Sign(world.Key(0), attacker.Network, attacker.Id, strangersKey.Id, now), CircuitCode.NotAdmitted),
            (CircuitToken.Sign(world.Key(0), attacker.Network, attacker.Id, callee.Id, now - TimeSpan.FromMinutes(11)), CircuitCode.NotAdmitted),
        })
        {
            var user = new RecordingUser();
            hop.TryOpen(callee.Id, CircuitKind.Data, token, _ => user).Should().NotBeNull();
            (await user.Ended.WaitAsync(Patience)).Should().Be(expected);
        }

        world.Gateways[1].Relay.CircuitCount.Should().Be(0);
        var admitted = new RecordingUser();
        hop.TryOpen(callee.Id, CircuitKind.Data, CircuitToken.Sign(world.Key(0), attacker.Network, attacker.Id, callee.Id, now), _ => admitted);
        await Eventually.HoldsAsync(() => world.Gateways[1].Relay.CircuitCount == 1, "the real word admits it");
    }

    [Fact]
    public async Task CircuitsWithoutEnd_AreRefused_AndOthersAreServed()
    {
        await using var world = await RelayWorld.StartAsync();
        var callee = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var honest = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var attacker = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var hop = attacker.Connections[0].Session.Circuits!;
        var users = new List<RecordingUser>();
        for (var i = 0; i < 1000; i++)
        {
            var user = new RecordingUser();
            if (hop.TryOpen(callee.Id, CircuitKind.Data, [], _ => user) is not null)
                users.Add(user);
        }

        await Eventually.HoldsAsync(() => users.Count(u => u.Ended.IsCompleted) >= users.Count - 200, "most are refused");
        output.WriteLine($"{users.Count} circuits were asked for, {world.Gateways[0].Relay.CircuitCount} stand");
        world.Gateways[0].Relay.CircuitCount.Should().BeLessThanOrEqualTo(100, "a burst of 50, then ten a second");
        users.Where(u => u.Ended.IsCompleted).Select(u => u.Ended.Result).Should().OnlyContain(c => c == CircuitCode.Busy || c == CircuitCode.Refused || c == CircuitCode.Normal);
        var connection = await honest.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        connection.Path.Should().Be(ConnectionPath.Relayed);
        // What proves nothing goes, as on any link.
        await Eventually.HoldsAsync(() => world.Gateways[0].Relay.CircuitCount == 1, "half-open circuits end with their handshakes");
        world.Gateways[0].Relay.Memory.Used.Should().BeLessThan(16 << 20);
    }

    [Fact]
    public async Task Hog_SlowsNobodyElse_AndTheGatewayHoldsLittle()
    {
        await using var world = await RelayWorld.StartAsync();
        var callee = await world.NodeAsync(0, PathPolicy.RelayOnly);
        callee.Handle("bulk", (_, _) => ValueTask.CompletedTask);
        var hog = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var honest = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var greedy = await hog.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        var modest = await honest.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var block = new byte[256 << 10];
        var hogging = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await greedy.SendAsync("bulk", block, CancellationToken.None);
        });
        await Eventually.HoldsAsync(() => world.Gateways[0].Relay.Bytes > 50_000_000, "the hog has got going");

        var times = new List<double>();
        var most = 0L;
        for (var i = 0; i < 50; i++)
        {
            times.Add((await modest.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience)).TotalMilliseconds);
            most = Math.Max(most, world.Gateways[0].Relay.Memory.Used);
        }

        await stop.CancelAsync();
        await hogging;
        times.Sort();
        output.WriteLine($"beside a hog: ping median {times[25]:0.0} ms, longest {times[^1]:0.0} ms; {world.Gateways[0].Relay.Bytes / 1e6:0} MB relayed, at most {most >> 10} KiB reserved");
        times[25].Should().BeLessThan(500);
        most.Should().BeLessThanOrEqualTo(2 * (2L * CircuitLimits.MaxGatewayWindow));
        (greedy.IsOpen, modest.IsOpen).Should().Be((true, true));
    }

    [Fact]
    public async Task Rate_IsHeld_WithoutACut()
    {
        await using var world = await RelayWorld.StartAsync(limits: new RelayLimits { PeerBytesPerSecond = 1_000_000 });
        var received = 0L;
        var callee = await world.NodeAsync(0, PathPolicy.RelayOnly);
        callee.Handle("bulk", (m, _) =>
        {
            Interlocked.Add(ref received, m.Payload.Length);
            return ValueTask.CompletedTask;
        });
        var caller = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        var start = Stopwatch.GetTimestamp();

        for (var i = 0; i < 48; i++)
            await connection.SendAsync("bulk", new byte[64 << 10]);
        await Eventually.HoldsAsync(() => Interlocked.Read(ref received) == 48 * (64 << 10), "all of it arrives", TimeSpan.FromSeconds(60));

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        output.WriteLine($"3.1 MB at a rate of 1 MB/s took {seconds:0.0} s");
        seconds.Should().BeGreaterThan(2.5);
        connection.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task Draining_MovesBothEndsElsewhere()
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        var callee = await world.NodeAsync(1, PathPolicy.RelayOnly);
        var caller = await world.NodeAsync(0, PathPolicy.RelayOnly);
        var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
        await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        var start = Stopwatch.GetTimestamp();

        await world.StopAsync(1);

        await Eventually.HoldsAsync(() => !connection.IsSuspended && world.Gateways[0].Relay.CircuitCount == 1, "the session goes on over the other gateway");
        await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        output.WriteLine($"moved {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the gateway was told to stop: {connection.PathReason}");
        connection.IsOpen.Should().BeTrue();
    }

    private sealed class NoHost : ICircuitHost
    {
        public void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token) => hop.Close(circuit, CircuitCode.Refused, atOnce: true);
    }
}
