using Crust.Primitives;
using Crust.Utp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>What connections cost that do nothing, and what steady traffic allocates. Alone, as it counts the process's memory.</summary>
[Collection(Alone.Name)]
public sealed class IdleConnectionTests(ITestOutputHelper output)
{
    /// <summary>The design's bound for an idle connection, without buffers.</summary>
    private const int MaxBytes = 1024;

    [Fact]
    [Trait("speed", "slow")]
    public void IdleConnection_HoldsNoBuffer_AndLessThanAKilobyte()
    {
        const int count = 2_000;
        var pair = new UtpPair();
        Open(pair, 1_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        Open(pair, count);

        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (2.0 * count);
        output.WriteLine($"{bytes:F0} bytes for each end");
        pair.Left.Endpoint.ConnectionCount.Should().Be(count + 1_000);
        pair.Left.Endpoint.HeldBlocks.Should().Be(0);
        pair.Right.Endpoint.HeldBlocks.Should().Be(0);
        // Half more than the promise: the collector's own tables are in the figure.
        bytes.Should().BeLessThan(MaxBytes * 1.5);
    }

    [Fact]
    public void SteadyTransfer_AllocatesNothingForAPacket()
    {
        Optimized.Require();
        var (left, right, buffer, chunk) = (new UtpEndpoint(new UtpOptions(), new byte[32]), new UtpEndpoint(new UtpOptions(), new byte[32]), new byte[UtpEndpoint.TransmitBufferLength], new byte[16_384]);
        var now = new Instant(1_000_000);
        var from = left.Connect(UtpPair.RightAddress, 1, 1, now);
        UtpConnection? to = null;
        Exchange(3_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var packets = left.Statistics.DatagramsSent;
        Exchange(3_000);

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        packets = left.Statistics.DatagramsSent - packets;
        output.WriteLine($"{allocated} bytes for {packets} packets");
        packets.Should().BeGreaterThan(10_000);
        (allocated / (double)packets).Should().BeLessThan(1);

        void Exchange(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                now += TimeSpan.FromMilliseconds(1);
                left.HandleTimeout(now);
                right.HandleTimeout(now);
                from.Write(chunk);
                Move(left, right, UtpPair.LeftAddress);
                while (right.PollEvent(out var happened))
                    to ??= happened.Connection;
                while (to?.Read(chunk) > 0)
                {
                }

                Move(right, left, UtpPair.RightAddress);
                while (left.PollEvent(out _))
                {
                }
            }
        }

        void Move(UtpEndpoint source, UtpEndpoint destination, TransportAddress address)
        {
            while (source.PollTransmit(buffer, now, out var transmit))
            {
                for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentLength)
                    destination.Handle(buffer.AsSpan(offset, Math.Min(transmit.SegmentLength, transmit.Length - offset)), address, now);
            }
        }
    }

    private static void Open(UtpPair pair, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var connection = pair.Left.Connect();
            connection.Write([1]);
            pair.Pump();
        }

        pair.Run(3);
        foreach (var connection in pair.Right.Accepted)
            connection.Read(new byte[1]);
        pair.Run(10);
        pair.Right.Accepted.Clear();
        pair.ForgetEvents();
    }
}
