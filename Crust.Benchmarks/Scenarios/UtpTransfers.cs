using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Crust.Primitives.Driver;
using Crust.Udp;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Benchmarks.Scenarios;

/// <summary>One µTP link, both ends in this process unless it says otherwise, 64 KiB writes.</summary>
internal static class UtpTransfers
{
    internal const int Block = 64 * 1024;

    internal static UtpTransport Transport(DatagramSocketKind kind, Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket>? bindSocket = null) => new(
        new MonotonicClock(TimeProvider.System),
        NullLogger.Instance,
        new UtpTransportOptions { Sockets = new DatagramSocketOptions { Kind = kind }, BindSocket = bindSocket ?? DatagramSockets.Bind });

    internal static async Task<Transfer> OverLoopbackAsync(DatagramSocketKind kind, long bytes)
    {
        await using var receiver = Transport(kind);
        await using var sender = Transport(kind);
        return await RunAsync(sender, receiver, IPAddress.Loopback, bytes);
    }

    /// <summary>Between two hosts whose interfaces cannot segment.</summary>
    internal static async Task<Transfer> OverCableAsync(SegmentationLab lab, DatagramSocketKind kind, long bytes)
    {
        await using var receiver = Transport(kind, lab.BindReceiver);
        await using var sender = Transport(kind, lab.BindSender);
        return await RunAsync(sender, receiver, SegmentationLab.ReceiverAddress, bytes);
    }

    /// <summary>libutp sends from a process of its own; our receiver is the same as in the other cases.</summary>
    internal static async Task<Transfer> FromLibutpAsync(long bytes)
    {
        await using var receiver = Transport(DatagramSocketKind.Segmented);
        await using var listener = receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var sender = new LibutpSender(((IPEndPoint)listener.EndPoint).Port, bytes);
        await using var accepted = (await listener.AcceptAsync())!;
        var before = sender.ProcessorSeconds;
        var meter = TransferMeter.Begin();
        await Task.Run(() => ReadAsync(accepted.Transport.Input, bytes));
        var transfer = meter.End(bytes);
        return transfer with { Processor = transfer.Processor + TimeSpan.FromSeconds(sender.ProcessorSeconds - before) };
    }

    private static async Task<Transfer> RunAsync(UtpTransport sender, UtpTransport receiver, IPAddress address, long bytes)
    {
        await using var listener = receiver.Bind(new IPEndPoint(address, 0));
        var accepting = listener.AcceptAsync().AsTask();
        await using var dialled = await sender.ConnectAsync((IPEndPoint)listener.EndPoint, CancellationToken.None);
        var meter = TransferMeter.Begin();
        var writing = Task.Run(() => WriteAsync(dialled.Transport.Output, bytes));
        await using ConnectionContext accepted = (await accepting)!;
        await Task.Run(() => ReadAsync(accepted.Transport.Input, bytes));
        var transfer = meter.End(bytes);
        await writing;
        return transfer;
    }

    private static async Task WriteAsync(PipeWriter output, long bytes)
    {
        var block = RandomNumberGenerator.GetBytes(Block);
        for (var sent = 0L; sent < bytes; sent += Block)
        {
            block.CopyTo(output.GetSpan(Block));
            output.Advance(Block);
            await output.FlushAsync();
        }
    }

    private static async Task ReadAsync(PipeReader input, long bytes)
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
