using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Crust.Primitives.Driver;
using Crust.Udp;
using Crust.Utp.Driver;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Benchmarks.Scenarios;

/// <summary>One µTP link over loopback, both ends in this process, 64 KiB writes.</summary>
internal static class UtpTransfers
{
    internal const int Block = 64 * 1024;

    internal static UtpTransport Transport(DatagramSocketKind kind) => new(
        new MonotonicClock(TimeProvider.System), NullLogger.Instance, new UtpTransportOptions { Sockets = new DatagramSocketOptions { Kind = kind } });

    internal static async Task<Transfer> RunAsync(DatagramSocketKind kind, long bytes)
    {
        await using var receiver = Transport(kind);
        await using var sender = Transport(kind);
        await using var listener = receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = listener.AcceptAsync().AsTask();
        await using var dialled = await sender.ConnectAsync((IPEndPoint)listener.EndPoint, CancellationToken.None);
        var meter = TransferMeter.Begin();
        var writing = Task.Run(() => WriteAsync(dialled.Transport.Output, bytes));
        await using var accepted = (await accepting)!;
        await Task.Run(() => ReadAsync(accepted.Transport.Input, bytes));
        var transfer = meter.End(bytes);
        await writing;
        return transfer;
    }

    internal static async Task WriteAsync(PipeWriter output, long bytes)
    {
        var block = RandomNumberGenerator.GetBytes(Block);
        for (var sent = 0L; sent < bytes; sent += Block)
        {
            block.CopyTo(output.GetSpan(Block));
            output.Advance(Block);
            await output.FlushAsync();
        }
    }

    internal static async Task ReadAsync(PipeReader input, long bytes)
    {
        for (var received = 0L; received < bytes;)
        {
            var result = await input.ReadAsync();
            received += result.Buffer.Length;
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted && received < bytes)
                throw new InvalidOperationException($"The link ended after {received} bytes.");
        }
    }
}
