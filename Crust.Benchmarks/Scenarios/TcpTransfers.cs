using System.Security.Cryptography;

namespace Crust.Benchmarks.Scenarios;

/// <summary>The kernel's TCP over loopback, both ends in this process, 64 KiB writes.</summary>
internal static class TcpTransfers
{
    internal static async Task<Transfer> RunAsync(long bytes)
    {
        using var sockets = await SocketPairs.ConnectAsync(1);
        var (dialled, accepted) = sockets.Pairs[0];
        var meter = TransferMeter.Begin();
        var writing = Task.Run(async () =>
        {
            var block = RandomNumberGenerator.GetBytes(UtpTransfers.Block);
            for (var sent = 0L; sent < bytes;)
                sent += await dialled.SendAsync(block);
        });
        await Task.Run(async () =>
        {
            var buffer = new byte[2 * UtpTransfers.Block];
            for (var received = 0L; received < bytes;)
                received += await accepted.ReceiveAsync(buffer);
        });
        var transfer = meter.End(bytes);
        await writing;
        return transfer;
    }
}
