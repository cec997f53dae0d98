using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Crust.Primitives;
using Crust.Udp;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Trains of datagrams from one socket to another with nothing above them: no connection, nothing acknowledged, and what the receiver's buffer has no room for is lost. What a link over the same sockets
/// can reach at most.
/// </summary>
internal static class BareDatagrams
{
    /// <summary>What an Ethernet cable takes: 1,500 bytes less the headers of IPv4 and UDP.</summary>
    private const int Length = 1472;

    /// <summary>As many as one call may send (UDP_MAX_SEGMENTS of older kernels is 64, and 65,507 bytes are the longest).</summary>
    private const int TrainLength = 44 * Length;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    /// <summary>Sends as fast as the kernel takes it, for a second.</summary>
    internal static async Task<Transfer> OverCableAsync(SegmentationLab lab, DatagramSocketKind kind)
    {
        var options = new DatagramSocketOptions { Kind = kind };
        using var receiver = lab.BindReceiver(new IPEndPoint(SegmentationLab.ReceiverAddress, 0), options);
        using var sender = lab.BindSender(new IPEndPoint(SegmentationLab.SenderAddress, 0), options);
        using var counter = new Counter();
        using var room = new Counter();
        receiver.Start(counter);
        sender.Start(room);
        var train = RandomNumberGenerator.GetBytes(TrainLength);
        var remote = TransportAddress.From(receiver.LocalEndPoint);
        return await Task.Factory.StartNew(
            () =>
            {
                var meter = TransferMeter.Begin();
                for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Duration;)
                {
                    for (var sent = 0; sent < train.Length;)
                    {
                        var status = sender.Send(train.AsSpan(sent), Length, remote, out var taken);
                        sent += taken;
                        if (status == DatagramSendStatus.Full)
                            room.WaitForRoom();
                        else if (status != DatagramSendStatus.Sent)
                            throw new InvalidOperationException($"A train was not sent: {status}.");
                    }
                }

                return meter.End(counter.Bytes);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private sealed class Counter : IDatagramHandler, IDisposable
    {
        private readonly AutoResetEvent _writable = new(false);
        private long _bytes;

        internal long Bytes => Interlocked.Read(ref _bytes);

        internal void WaitForRoom() => _writable.WaitOne();

        public void HandleReceived(DatagramBatch batch)
        {
            var bytes = 0;
            foreach (var train in batch.Trains)
                bytes += train.Length;
            Interlocked.Add(ref _bytes, bytes);
        }

        public void Dispose() => _writable.Dispose();

        public void HandleWritable() => _writable.Set();

        public void HandleWake()
        {
        }

        public void HandleUnreachable(TransportAddress remote)
        {
        }

        public void HandleFailure(Exception exception) => Environment.FailFast("The datagrams of the benchmark cannot be received.", exception);
    }
}
