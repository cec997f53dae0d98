using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Bulk goodput of one session over loopback TCP, 64 KiB messages, against SslStream with TLS 1.3 and 64 KiB writes over the same TCP. Both
/// ends are in this process. The cases of 128l allow AEGIS-128L; the rival has AES-256-GCM in all of them.
/// </summary>
internal static class SessionTcpScenario
{
    private const int Block = 64 * 1024;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        yield return new BenchmarkCase("unsigned", "tls", "goodput", "GB/s", () => SessionAsync(signed: false, 512L << 20), () => TlsAsync(512L << 20));
        yield return new BenchmarkCase("signed", "tls", "goodput", "GB/s", () => SessionAsync(signed: true, 512L << 20), () => TlsAsync(512L << 20));
        yield return new BenchmarkCase("unsigned-128l", "tls", "goodput", "GB/s", () => SessionAsync(signed: false, 512L << 20, allowAegis128L: true), () => TlsAsync(512L << 20));
        yield return new BenchmarkCase("signed-128l", "tls", "goodput", "GB/s", () => SessionAsync(signed: true, 512L << 20, allowAegis128L: true), () => TlsAsync(512L << 20));
    }

    private static async Task<double> SessionAsync(bool signed, long bytes, bool allowAegis128L = false)
    {
        var received = 0L;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed, AllowAegis128L = allowAegis128L });
        receiver.Handle("bulk", (message, _) =>
        {
            received += message.Payload.Length;
            if (message.IsSigned != signed)
                done.TrySetException(new InvalidOperationException("A message was not signed as the case says."));
            else if (received == bytes)
                done.SetResult();
            return ValueTask.CompletedTask;
        });
        await using var sender = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed, AllowAegis128L = allowAegis128L });
        var connection = await sender.ConnectToAddressAsync(receiver.Addresses[0]);
        var payload = RandomNumberGenerator.GetBytes(Block);
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0L; sent < bytes; sent += Block)
            await connection.SendAsync("bulk", payload);
        await done.Task;
        return bytes / 1e9 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> TlsAsync(long bytes)
    {
        using var sockets = await SocketPairs.ConnectAsync(1);
        using var rival = new TlsRival();
        var (dialled, accepted) = sockets.Pairs[0];
        await using var server = new SslStream(new NetworkStream(accepted));
        await using var stream = new SslStream(new NetworkStream(dialled));
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(rival.ServerOptions(rival.ClientHash)),
            stream.AuthenticateAsClientAsync(rival.ClientOptions(rival.ServerHash)));
        var payload = RandomNumberGenerator.GetBytes(Block);
        var start = Stopwatch.GetTimestamp();
        var reading = Task.Run(async () =>
        {
            var buffer = new byte[Block];
            for (var received = 0L; received < bytes;)
                received += await server.ReadAsync(buffer);
        });
        for (var sent = 0L; sent < bytes; sent += Block)
            await stream.WriteAsync(payload);
        await reading;
        return bytes / 1e9 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
