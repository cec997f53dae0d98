using Crust.Primitives;
using Crust.Utp.Memory;
using Crust.Utp.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>What a receiver announces while packets are out of order, to a sender that counts its flight as libutp and libtorrent do.</summary>
public sealed class AnnouncedWindowTests
{
    private const int PayloadLength = 1_000, WindowBytes = 64_000, Packets = 5_000;

    private const double Loss = 0.05;

    /// <summary>The first number; the sender has all before it acknowledged.</summary>
    private const long First = 1;

    [Fact]
    public void PacketsOutOfOrder_TakeRoom_FromAForeignPeersWindow()
    {
        var half = Half(isCrust: false);
        half.Handle(First + 2, new byte[PayloadLength], isFin: false, 0).Should().Be(ArrivalKind.OutOfOrder);
        half.Announce().Should().Be(WindowBytes - PayloadLength);
        half.Handle(First, new byte[PayloadLength], isFin: false, 0).Should().Be(ArrivalKind.InOrder);
        half.Announce().Should().Be(WindowBytes - 2 * PayloadLength);
        half.Handle(First + 1, new byte[PayloadLength], isFin: false, 0).Should().Be(ArrivalKind.InOrder);
        half.Announce().Should().Be(WindowBytes - 3 * PayloadLength);
        half.Consume(3 * PayloadLength);
        half.Announce().Should().Be(WindowBytes);
    }

    [Fact]
    public void PacketsOutOfOrder_AreInACrustPeersWindow()
    {
        var half = Half(isCrust: true);
        half.Handle(First + 2, new byte[PayloadLength], isFin: false, 0);
        half.Announce().Should().Be(WindowBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void NothingIsRefused_ThatASenderWithoutSelectivelyAcknowledgedPacketsInItsFlight_Sends(ulong seed) =>
        Refused(Half(isCrust: false), seed).Should().Be(0);

    [Fact]
    public void SameSender_WouldBeRefused_ByAWindowFromTheAcknowledgedNumberOn() =>
        Refused(Half(isCrust: true), 1).Should().BePositive("else the test above proves nothing");

    /// <summary>Sends all packets through loss to a reader of changing speed; those that are lost or refused go again after the rest of their window. Returns how many were refused.</summary>
    private static int Refused(ReceivingHalf half, ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var inFlight = new Queue<long>();
        var refused = 0;
        var window = half.Announce();
        var payload = new byte[PayloadLength];
        for (long next = First, round = 0; half.Expected < First + Packets; round++)
        {
            round.Should().BeLessThan(100 * Packets, "it goes on");
            while (next < First + Packets && (inFlight.Count + 1) * PayloadLength <= window)
                inFlight.Enqueue(next++);
            for (var packets = inFlight.Count; packets > 0; packets--)
            {
                var number = inFlight.Dequeue();
                if (!random.Chance(Loss))
                {
                    var arrival = half.Handle(number, payload, isFin: false, round);
                    if (arrival != ArrivalKind.Refused)
                        continue;
                    refused++;
                }

                inFlight.Enqueue(number);
            }

            half.Consume(random.Next(half.ReadableBytes + 1));
            window = half.Announce();
        }

        return refused;
    }

    private static ReceivingHalf Half(bool isCrust)
    {
        var half = new ReceivingHalf(new BlockPool(16_384), new ReceiveWindow(new WindowBudget(0), WindowBytes, WindowBytes)) { IsCrust = isCrust };
        half.Begin(First);
        return half;
    }
}
