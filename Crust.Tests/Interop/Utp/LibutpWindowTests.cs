using System.Buffers.Binary;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>libutp keeps 1,024 packets, whatever window it offers in bytes: what lies beyond is dropped by it, so that nobody may send it.</summary>
[Trait("speed", "slow")]
public sealed class LibutpWindowTests(ITestOutputHelper output)
{
    private const int Limit = 1024;

    [Fact]
    public async Task NoMoreThan1024PacketsAreInFlight_ToLibutp()
    {
        Libutp.Require();
        await using var listener = Libutp.Listen("--keep");
        // A window in bytes that never binds, and a round trip that is worth many packets: only the other limit is left.
        var options = new ProxyOptions { Delay = TimeSpan.FromMilliseconds(40), Rewrite = OfferEverything };
        await using var proxy = new DatagramProxy((await listener.EventAsync("listening")).Number("port"), options);
        await using var host = new UtpHost();
        await using var link = await host.DialAsync(proxy.Port);

        var sent = await HashedContent.SendAsync(link.Transport.Output, 16 << 20, seed: 1);
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

    /// <summary>The widest distance between a packet of the dialler and the newest acknowledgement that had passed when it came.</summary>
    private static int PeakInFlight(IReadOnlyList<ProxiedDatagram> recorded)
    {
        var peak = 0;
        int? acknowledged = null;
        foreach (var datagram in recorded)
        {
            if (datagram.IsFromDialler && datagram.Type is ProxiedDatagram.Data or ProxiedDatagram.Fin && acknowledged is { } before)
                peak = Math.Max(peak, (short)unchecked((ushort)(datagram.SequenceNumber - before)));
            else if (!datagram.IsFromDialler)
                acknowledged = datagram.AcknowledgementNumber;
        }

        return peak;
    }
}
