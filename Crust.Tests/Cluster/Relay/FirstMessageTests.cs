using System.Diagnostics;
using Crust.Identity;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

[Trait("speed", "slow")]
public sealed class FirstMessageTests(ITestOutputHelper output)
{
    /// <summary>One way between a peer and its gateway.</summary>
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(25);

    [Fact]
    public async Task FirstMessage_IsThereWithinThreeRoundTripsAnd100Milliseconds()
    {
        await using var world = await RelayWorld.StartAsync();
        var gateway = world.Gateways[0].Addresses.First(a => a.Transport == TransportKind.Tcp);
        await using var callersWay = new DelayingProxy(gateway.EndPoint, Way);
        await using var calleesWay = new DelayingProxy(gateway.EndPoint, Way);
        var arrived = new TaskCompletionSource<long>[4];
        var callee = await world.NodeAsync(0, PathPolicy.RelayOnly, o => Through(o, calleesWay, gateway));
        callee.Handle("first", (m, _) =>
        {
            arrived[m.Payload.Span[0]].TrySetResult(Stopwatch.GetTimestamp());
            return ValueTask.CompletedTask;
        });
        var promised = 3 * 4 * Way + TimeSpan.FromMilliseconds(100);
        for (byte i = 0; i < arrived.Length; i++)
        {
            arrived[i] = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var caller = await world.NodeAsync(0, PathPolicy.RelayOnly, o => Through(o, callersWay, gateway));
            var start = Stopwatch.GetTimestamp();
            var connection = await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);
            var connected = Stopwatch.GetElapsedTime(start);
            await connection.SendAsync("first", new[] { i });
            var took = Stopwatch.GetElapsedTime(start, await arrived[i].Task.WaitAsync(TimeSpan.FromSeconds(30)));

            output.WriteLine($"{(i == 0 ? "cold" : "warm")}: connected after {connected.TotalMilliseconds:0} ms, the first message was there after {took.TotalMilliseconds:0} ms (promised {promised.TotalMilliseconds:0})");
            connection.Path.Should().Be(ConnectionPath.Relayed);
            took.Should().BeLessThan(3 * promised);
        }
    }

    private static void Through(CrustNodeOptions options, DelayingProxy way, PeerAddress gateway)
    {
        options.Bootstrap.Clear();
        options.Bootstrap.Add(new PeerAddress(TransportKind.Tcp, way.EndPoint, gateway.Peer));
        options.Transports = Transports.Tcp;
    }
}
