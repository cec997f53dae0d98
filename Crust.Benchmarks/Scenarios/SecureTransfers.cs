using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crust.Transport;

namespace Crust.Benchmarks.Scenarios;

/// <summary>An unsigned session over µTP, 64 KiB messages, and SslStream with TLS 1.3 over the kernel's TCP, 64 KiB writes. Both ends in this process.</summary>
internal static class SecureTransfers
{
    private const int Block = UtpTransfers.Block;

    internal static async Task<Transfer> SessionAsync(long bytes)
    {
        var received = 0L;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = false, Transports = Transports.Utp });
        receiver.Handle("bulk", (message, _) =>
        {
            received += message.Payload.Length;
            if (received == bytes)
                done.SetResult();
            return ValueTask.CompletedTask;
        });
        await using var sender = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Sign = false, Transports = Transports.Utp });
        var connection = await sender.ConnectToAddressAsync(receiver.Addresses[0]);
        var payload = RandomNumberGenerator.GetBytes(Block);
        var meter = TransferMeter.Begin();
        for (var sent = 0L; sent < bytes; sent += Block)
            await connection.SendAsync("bulk", payload);
        await done.Task;
        return meter.End(bytes);
    }

    internal static async Task<Transfer> TlsAsync(long bytes)
    {
        using var sockets = await SocketPairs.ConnectAsync(1);
        using var rival = new TlsRival();
        var (dialled, accepted) = sockets.Pairs[0];
        await using var server = new SslStream(new NetworkStream(accepted));
        await using var stream = new SslStream(new NetworkStream(dialled));
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(rival.ServerOptions(rival.ClientHash)), stream.AuthenticateAsClientAsync(rival.ClientOptions(rival.ServerHash)));
        var payload = RandomNumberGenerator.GetBytes(Block);
        var meter = TransferMeter.Begin();
        var reading = Task.Run(async () =>
        {
            var buffer = new byte[Block];
            for (var received = 0L; received < bytes;)
                received += await server.ReadAsync(buffer);
        });
        for (var sent = 0L; sent < bytes; sent += Block)
            await stream.WriteAsync(payload);
        await reading;
        return meter.End(bytes);
    }
}
