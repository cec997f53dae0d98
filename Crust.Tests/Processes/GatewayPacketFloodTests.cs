using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>A gateway's UDP port under 50,000 packets a second from 256 addresses: beside a control run in which the same packets go to another socket.</summary>
[Trait("speed", "slow")]
[Collection(Alone.Name)]
public sealed class GatewayPacketFloodTests(ITestOutputHelper output)
{
    private const int PacketsPerSecond = 50_000;

    /// <summary>Blocks of each kind, one after the other in turns: the machine's moods hit both.</summary>
    private const int Rounds = 4;

    private const int ConnectsARound = 10;

    /// <summary>Between connects: gateways take so many handshakes a second from one address.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(120);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HonestPeersConnect_NothingIsKept_AndLittleIsSent()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "All of 127.0.0.0/8 is this host on Linux.");
        using var folder = new TemporaryFolder();
        await using var silo = CrustProcess.Silo(
            folder, "--connection", folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", "127.0.0.1", "--json");
        var ready = await silo.EventAsync("ready");
        var gateway = ready.Addresses.Select(a => PeerAddress.Parse(a)).First(a => a.Transport == TransportKind.Utp);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var node = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Transports = Transports.Utp }, Cancelled);
        // Each counts what comes back to it alone.
        using PacketFlood flood = new(), control = new();
        // What is warm afterwards is warm for both.
        await ConnectsAsync(node, gateway, []);
        await FloodedAsync(flood, gateway.EndPoint, () => ConnectsAsync(node, gateway, []));
        var memory = silo.Memory();
        List<double> quiet = [], flooded = [];

        for (var round = 0; round < Rounds; round++)
        {
            await FloodedAsync(control, other.LocalEndPoint!, () => ConnectsAsync(node, gateway, quiet));
            await FloodedAsync(flood, gateway.EndPoint, () => ConnectsAsync(node, gateway, flooded));
        }

        var ratio = Median(flooded) / Median(quiet);
        var grown = silo.Memory() - memory ?? 0;
        output.WriteLine(
            $"{flood.Sent} packets, {flood.SentBytes / 1e6:0.0} MB; {flood.Answered:0.00} bytes came back for each; honest connects: median {Median(flooded):0.0} ms, {Median(quiet):0.0} ms in the control run, "
            + $"ratio {ratio:0.00} (promised 1.5); the process grew by {grown / 1e6:0.0} MB");
        // Deadlines are three times the promise: the machine may be at work.
        ratio.Should().BeLessThan(4.5);
        flood.Answered.Should().BeLessThan(1.0, "a gateway sends no more to who has not proven its address than came from there, but some answers of STUN");
        grown.Should().BeLessThan(64 << 20, "two million packets left nothing; what the collector keeps of honest sessions varies");
    }

    /// <summary>Runs something while packets go to the target.</summary>
    private static async Task FloodedAsync(PacketFlood flood, EndPoint target, Func<Task> action)
    {
        using var end = new CancellationTokenSource();
        var flooding = Task.Factory.StartNew(() => flood.Run(target, PacketsPerSecond, end.Token), Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await action();
        }
        finally
        {
            await end.CancelAsync();
            await flooding;
        }
    }

    private static async Task ConnectsAsync(CrustNode node, PeerAddress gateway, List<double> milliseconds)
    {
        for (var i = 0; i < ConnectsARound; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var connection = await node.ConnectToAddressAsync(gateway, Cancelled);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await connection.CloseAsync().WaitAsync(Eventually.Soon, Cancelled);
            await Task.Delay(Pause, TimeProvider.System, Cancelled);
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
