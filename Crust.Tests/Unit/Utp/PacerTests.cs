using Crust.Utp.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>How many packets the pacer lets go at once.</summary>
public sealed class PacerTests
{
    private const int PacketLength = 1_400;

    [Theory]
    [InlineData(0.0035, 1)]
    [InlineData(0.13, 1)]
    [InlineData(0.15, 2)]
    [InlineData(12.5, 9)]
    public void TrainAfterAPause_IsWhatAMillisecondBrings_AndAPairUnlessThatTakesLong(double bytesPerMicrosecond, int packets)
    {
        var pacer = default(Pacer);
        Train(ref pacer, bytesPerMicrosecond, nowMicroseconds: 10_000_000).Should().Be(packets);
    }

    [Fact]
    public void PacketsOfASlowPath_AreSpread()
    {
        // 3.5 KB/s, as two packets in flight of a round trip of 0.8 s are: a queue that holds no second packet lost one of each pair.
        const double rate = 0.0035;
        var pacer = default(Pacer);
        var now = 10_000_000L;
        Train(ref pacer, rate, now);
        for (var i = 0; i < 10; i++)
        {
            var next = pacer.NextMicroseconds(rate, PacketLength);
            (next - now).Should().BeInRange(399_000, 401_000);
            now = next;
            Train(ref pacer, rate, now).Should().Be(1);
        }
    }

    private static int Train(ref Pacer pacer, double rate, long nowMicroseconds)
    {
        var packets = 0;
        while (pacer.Available(rate, PacketLength, nowMicroseconds) > 0)
        {
            pacer.Consume(PacketLength);
            packets++;
        }

        return packets;
    }
}
