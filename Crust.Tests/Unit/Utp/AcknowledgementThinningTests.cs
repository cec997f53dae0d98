using Crust.Utp.Memory;
using Crust.Utp.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>How often packets that come in order are acknowledged, by how fast they come.</summary>
public sealed class AcknowledgementThinningTests
{
    private const int PayloadLength = 1_000;

    [Theory]
    [InlineData(8, true, 2)]
    [InlineData(16, true, 4)]
    [InlineData(80, true, 20)]
    [InlineData(1_000, true, 32)]
    [InlineData(1_000, false, 2)]
    public void QuarterOfAMillisecondsPackets_IsAcknowledgedAtOnce(int packetsAMillisecond, bool isCrust, int expected)
    {
        var half = Half(1 << 20, isCrust);
        var intervals = Receive(half, packetsAMillisecond, 20_000, PayloadLength);
        intervals.TakeLast(3).Should().AllBeEquivalentTo(expected);
    }

    [Fact]
    public void LongPackets_AreAcknowledgedByTheTrain()
    {
        var intervals = Receive(Half(1 << 22, isCrust: true), 1_000, 20_000, 8_100);
        intervals.TakeLast(3).Should().AllBeEquivalentTo(9, "nine of them fill 64 KiB");
    }

    [Fact]
    public void SmallWindow_IsAcknowledgedByEighths()
    {
        var intervals = Receive(Half(64_000, isCrust: true), 1_000, 20_000, PayloadLength);
        intervals.TakeLast(3).Should().AllBeEquivalentTo(8);
    }

    [Fact]
    public void LastPacketsOfABurst_WaitAMillisecond_AndALonePacketAfterItTenAgain()
    {
        var half = Half(1 << 20, isCrust: true);
        Receive(half, 1_000, 5_000, PayloadLength);
        Acknowledge(half);
        half.Handle(half.Expected, new byte[PayloadLength], isFin: false, nowMicroseconds: 5_500);
        half.IsAcknowledgementDue(5_500).Should().BeFalse();
        half.AcknowledgementMicroseconds.Should().Be(6_500);
        Acknowledge(half);

        half.Handle(half.Expected, new byte[PayloadLength], isFin: false, nowMicroseconds: 2_000_000);
        half.AcknowledgementMicroseconds.Should().Be(2_010_000);
    }

    private static void Acknowledge(ReceivingHalf half)
    {
        half.Announce();
        half.AcknowledgementSent();
    }

    private static ReceivingHalf Half(int windowBytes, bool isCrust)
    {
        var half = new ReceivingHalf(new BlockPool(16_384), new ReceiveWindow(new WindowBudget(0), windowBytes, windowBytes)) { IsCrust = isCrust };
        half.Begin(1);
        return half;
    }

    /// <summary>Packets in order at a steady rate; each acknowledgement that is due goes at once, and everything is read. Returns the packets of each acknowledgement.</summary>
    private static List<int> Receive(ReceivingHalf half, int packetsAMillisecond, int packets, int payloadLength)
    {
        var intervals = new List<int>();
        var since = 0;
        var payload = new byte[payloadLength];
        for (var i = 0; i < packets && i < 5 * packetsAMillisecond; i++)
        {
            var now = 1_000L * (i + 1) / packetsAMillisecond;
            half.Handle(half.Expected, payload, isFin: false, now).Should().Be(ArrivalKind.InOrder);
            half.Consume(payloadLength);
            since++;
            if (!half.IsAcknowledgementDue(now))
                continue;
            Acknowledge(half);
            intervals.Add(since);
            since = 0;
        }

        return intervals;
    }
}
