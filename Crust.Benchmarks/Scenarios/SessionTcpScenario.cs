using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Bulk goodput of one session over loopback TCP, 64 KiB messages, against SslStream with TLS 1.3 and 64 KiB writes over the same TCP. Both
/// ends are in this process.
/// </summary>
internal static class SessionTcpScenario
{
    private const int Block = 64 * 1024;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        yield return new BenchmarkCase("unsigned", "tls", "goodput", "GB/s", () => SessionAsync(signed: false, 512L << 20), () => TlsAsync(512L << 20));
        yield return new BenchmarkCase("signed", "tls", "goodput", "GB/s", () => SessionAsync(signed: true, 128L << 20), () => TlsAsync(128L << 20));
    }

    private static async Task<double> SessionAsync(bool signed, long bytes)
    {
        var received = 0L;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed });
        receiver.Handle("bulk", (message, _) =>
        {
            received += message.Payload.Length;
            if (received == bytes)
                done.SetResult();
            return ValueTask.CompletedTask;
        });
        await using var sender = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = signed });
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
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient { NoDelay = true };
        var accepting = listener.AcceptTcpClientAsync();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await accepting;
        accepted.NoDelay = true;
        await using var server = new SslStream(accepted.GetStream());
        // The rival's certificate is made up on the spot: what counts here is its cipher's speed, not its chain.
#pragma warning disable CA5359
        await using var stream = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13 }),
            stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = SslProtocols.Tls13 }));
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
