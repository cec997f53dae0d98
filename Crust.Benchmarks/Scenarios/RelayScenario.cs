using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Crust.Transport;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// What it costs a relay to pass a GB on: seconds of its processor, the process of the relay alone. Ours is a gateway between two peers in this process, on TCP;
/// the rival is coturn between its own tools, on UDP. What this machine lacks is left out, and standard error says why.
/// </summary>
internal static class RelayScenario
{
    private const long Bytes = 1L << 30;

    /// <summary>Of each of coturn's clients, one a millisecond at most.</summary>
    private const int Messages = 4000;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        var obstacle = RelayGateway.Program is null ? "Crust.Gateway is not built (Release)" : CoturnRelay.Obstacle;
        if (obstacle is not null)
        {
            Console.Error.WriteLine($"forward is left out: {obstacle}");
            yield break;
        }

        using var gateway = RelayGateway.StartAsync().GetAwaiter().GetResult();
        using var coturn = new CoturnRelay();
        var speed = 0.0;
        yield return new BenchmarkCase(
            "forward", "coturn", "processor", "s/GB",
            async () =>
            {
                (var cost, speed) = await RunAsync(gateway);
                return cost;
            },
            () => coturn.RunAsync(Messages))
        {
            LessIsBetter = true,
            Remark = () => string.Create(CultureInfo.InvariantCulture, $"through ours {speed:0.00} GB/s, both peers on the same processor; through coturn {coturn.GigabytesPerSecond:0.000} GB/s, as its load generator paces it"),
        };
    }

    private static async Task<(double SecondsPerGigabyte, double GigabytesPerSecond)> RunAsync(RelayGateway gateway)
    {
        var received = 0L;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await CrustNode.StartAsync(Options(gateway));
        receiver.Handle("bulk", (message, _) =>
        {
            received += message.Payload.Length;
            if (received == Bytes)
                done.SetResult();
            return ValueTask.CompletedTask;
        });
        await using var sender = await CrustNode.StartAsync(Options(gateway));
        var connection = await sender.ConnectAsync(receiver.Id);
        var payload = RandomNumberGenerator.GetBytes(64 << 10);
        var before = gateway.ProcessorSeconds;
        var meter = TransferMeter.Begin();
        for (var sent = 0L; sent < Bytes; sent += payload.Length)
            await connection.SendAsync("bulk", payload);
        await done.Task;
        var speed = meter.End(Bytes).GigabytesPerSecond;
        return ((gateway.ProcessorSeconds - before) / (Bytes / 1e9), connection.Path == ConnectionPath.Relayed ? speed : throw new InvalidOperationException("It did not go over the relay."));
    }

    private static CrustNodeOptions Options(RelayGateway gateway)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = false, Paths = PathPolicy.RelayOnly, Transports = Transports.Tcp };
        foreach (var address in gateway.Addresses.Where(a => a.Transport == Identity.TransportKind.Tcp))
            options.Bootstrap.Add(address);
        return options;
    }
}
