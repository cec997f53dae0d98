using System.Buffers.Binary;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>libutp keeps 1,024 packets, whatever window it offers in bytes: what lies beyond is dropped by it, so that nobody may send it.</summary>
[Trait("speed", "slow"), Collection(Foreign.Name)]
public sealed class LibutpWindowTests(ITestOutputHelper output)
{
    private const int Limit = 1024;

    /// <summary>Each way: a round trip is worth many packets.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);

    [Fact]
    public async Task NoMoreThan1024PacketsAreInFlight_ToLibutp()
    {
        Libutp.Require();
        await using var listener = Libutp.Listen("--keep");
        // With a window in bytes that never binds only the other limit is left.
        var options = new ProxyOptions { Delay = Delay, Rewrite = OfferEverything };
        await using var proxy = new DatagramProxy((await listener.EventAsync("listening")).Number("port"), options);
        await using var host = new UtpHost();
        await using var link = await host.DialAsync(proxy.Port);

        var sent = await HashedContent.SendAsync(link.Transport.Output, 16 << 20, seed: 1).WaitAsync(InteropProcess.Patience);
        await link.DisposeAsync();

        HashedContent.From(await listener.EventAsync("received")).Should().Be(sent);
        var peak = PeakInFlight(proxy.Recorded);
        output.WriteLine($"at most {peak} packets in flight");
        peak.Should().BeLessThanOrEqualTo(Limit);
    }

    private static void OfferEverything(byte[] datagram, bool isFromDialler)
    {
        if (!isFromDialler)
            BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(12), 1 << 30);
    }

    /// <summary>The widest distance between a packet of the dialler and the newest acknowledgement that it can have had then.</summary>
    private static int PeakInFlight(IReadOnlyList<ProxiedDatagram> recorded)
    {
        var peak = 0;
        int? acknowledged = null;
        var underWay = new Queue<ProxiedDatagram>();
        foreach (var datagram in recorded)
        {
            while (underWay.TryPeek(out var first) && first.Microseconds + Delay.TotalMicroseconds <= datagram.Microseconds)
                acknowledged = underWay.Dequeue().AcknowledgementNumber;
            if (!datagram.IsFromDialler)
                underWay.Enqueue(datagram);
            else if (datagram.Type is ProxiedDatagram.Data or ProxiedDatagram.Fin && acknowledged is { } before)
                peak = Math.Max(peak, unchecked((short)(datagram.SequenceNumber - before)));
        }

        return peak;
    }
}
