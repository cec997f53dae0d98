using Crust.Primitives;
using Crust.Utp;
using Crust.Utp.Packets;
using Crust.Utp.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class UtpSendingTests
{
    [Fact]
    public void Rtt_FollowsRfc6298()
    {
        var rtt = default(RttEstimator);
        rtt.TimeoutMicroseconds(0).Should().Be(1_000_000);

        rtt.AddSample(100_000);
        (rtt.SmoothedMicroseconds, rtt.VariationMicroseconds).Should().Be((100_000, 50_000));
        rtt.TimeoutMicroseconds(0).Should().Be(300_000);
        rtt.AddSample(180_000);
        (rtt.SmoothedMicroseconds, rtt.VariationMicroseconds).Should().Be((110_000, 57_500));
        rtt.TimeoutMicroseconds(2).Should().Be(4 * 340_000);
        rtt.TimeoutMicroseconds(60).Should().Be(10_000_000);
        rtt.MinMicroseconds.Should().Be(100_000);
    }

    [Theory]
    [InlineData(1472)]
    [InlineData(1452)]
    [InlineData(1399)]
    [InlineData(1232)]
    [InlineData(1200)]
    public void PathMtuSearch_ComesWithin16Bytes(int passes)
    {
        var search = new PathMtuSearch(1472);
        var probes = 0;
        for (var wanted = search.WantedProbe(0); wanted > 0; wanted = search.WantedProbe(0))
        {
            search.ProbeSent(wanted);
            if (wanted <= passes)
                search.ProbeDelivered(0);
            else
                search.ProbeLost(0);
            probes++;
        }

        search.Length.Should().BeInRange(passes - 16, passes);
        probes.Should().BeLessThan(20);
        search.WantedProbe(599_000_000).Should().Be(0);
        if (passes < 1472)
            search.WantedProbe(601_000_000).Should().Be(1472, "paths change");
    }

    [Theory]
    [InlineData(8120, 8120, 2)]
    [InlineData(8119, 1472, 4)]
    [InlineData(1472, 1472, 4)]
    [InlineData(1452, 1436, 40)]
    public void PathMtuSearch_AsksForOneJumbo_WhereTheLongestOfEthernetPasses(int passes, int least, int mostProbes)
    {
        var search = new PathMtuSearch(1472);
        search.AllowJumbo(8120);
        var asked = new List<int>();
        for (var wanted = search.WantedProbe(0); wanted > 0; wanted = search.WantedProbe(0))
        {
            search.ProbeSent(wanted);
            asked.Add(wanted);
            if (wanted <= passes)
                search.ProbeDelivered(0);
            else
                search.ProbeLost(0);
        }

        search.Length.Should().BeInRange(least, passes);
        asked.Should().HaveCountLessThanOrEqualTo(mostProbes).And.OnlyContain(length => length <= 1472 || length == 8120);
        asked[0].Should().Be(1472);
        search.WantedProbe(599_000_000).Should().Be(0);
        if (passes is 8119 or 1472)
            search.WantedProbe(601_000_000).Should().Be(8120, "paths change");
    }

    [Fact]
    public void PathMtuSearch_BeginsAnew_WhenJumbosNoLongerPass()
    {
        var search = new PathMtuSearch(1472);
        search.AllowJumbo(8120);
        foreach (var length in new[] { 1472, 8120 })
        {
            search.WantedProbe(0).Should().Be(length);
            search.ProbeSent(length);
            search.ProbeDelivered(0);
        }

        search.Exclude(8120, 0);
        search.Length.Should().Be(1200);
        search.WantedProbe(0).Should().Be(1472);
        search.ProbeSent(1472);
        search.ProbeDelivered(0);
        search.WantedProbe(599_000_000).Should().Be(0, "the jumbo was excluded a moment ago");
    }

    [Fact]
    public void Pacer_GivesTheRate_InTrainsOfAtMostAMillisecond()
    {
        var pacer = default(Pacer);
        const double rate = 12.5;
        long sent = 0;
        var most = 0;
        for (var now = 1_000_000L; now < 2_000_000; now = pacer.NextMicroseconds(rate, 1472))
        {
            var train = 0;
            while (pacer.Available(rate, 1472, now) > 0)
            {
                pacer.Consume(1472);
                train += 1472;
            }

            sent += train;
            most = Math.Max(most, train);
        }

        sent.Should().BeInRange(12_300_000, 12_700_000);
        most.Should().BeLessThanOrEqualTo(12_500 + 1472);
    }

    /// <summary>BEP 29 wants multiples of four bytes, and so did we; libtorrent sends as many as it needs, and each of its packets with such bits was refused.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(50)]
    public void SelectiveAck_MayHaveAnyLength(int length)
    {
        var flight = new Flight();
        var rtt = default(RttEstimator);
        flight.Packets.Begin(70_000);
        for (var i = 0; i < 500; i++)
            flight.Add(i * 100, 100, SentPacketState.InFlight, i);
        var bits = Enumerable.Repeat((byte)0xFF, length).ToArray();
        byte[] datagram = [.. new byte[PacketHeader.Length], 0, (byte)length, .. bits];

        PacketExtensions.TryRead(datagram, ExtensionKind.SelectiveAck, out var extensions).Should().BeTrue();
        flight.Acknowledge(69_999, extensions.SelectiveAck, 50_000, rtt).DeliveredPackets.Should().Be(length * 8);
    }

    [Fact]
    public void Flight_FindsWhatIsLost_OnceAndAgain()
    {
        var flight = new Flight();
        var rtt = default(RttEstimator);
        rtt.AddSample(50_000);
        flight.Packets.Begin(70_000);
        for (var i = 0; i < 8; i++)
            flight.Add(i * 100, 100, SentPacketState.InFlight, i);

        // 70,000 and 70,002 are missing, five came behind them.
        flight.Acknowledge(69_999, Bits(0b0111_1101), 50_000, rtt).DeliveredPackets.Should().Be(6);
        var lost = flight.DetectLosses(50_000, rtt);
        lost.LostPackets.Should().Be(2);
        flight.TryPeekLost(out var first).Should().BeTrue();
        first.Should().Be(70_000);
        flight.Resend(first, 50_000);
        flight.TryPeekLost(out var second).Should().BeTrue();
        second.Should().Be(70_002);
        flight.Resend(second, 50_001);

        // The second one comes, the first is lost again: only time tells, as nothing else was sent later.
        flight.Acknowledge(69_999, Bits(0b0111_1111), 101_000, rtt).DeliveredPackets.Should().Be(1);
        flight.DetectLosses(101_000, rtt).LostPackets.Should().Be(0);
        flight.LossTimeMicroseconds.Should().BeInRange(102_000, 120_000);
        flight.DetectLosses(flight.LossTimeMicroseconds, rtt).LostPackets.Should().Be(1);

        flight.Acknowledge(70_007, default, 200_000, rtt).HasAdvanced.Should().BeTrue();
        flight.BytesInFlight.Should().Be(0);
        flight.LostPackets.Should().Be(0);
        flight.TryPeekLost(out _).Should().BeFalse();
    }

    [Fact]
    public void Flight_KeepsCount_WhateverIsAcknowledgedAndLost()
    {
        var random = new DeterministicRandom(4);
        var flight = new Flight();
        var rtt = default(RttEstimator);
        rtt.AddSample(1_000);
        flight.Packets.Begin(65_000);
        var now = 0L;
        for (var i = 0; i < 100_000; i++)
        {
            now += random.Next(300);
            switch (random.Next(4))
            {
                case 0:
                    if (flight.Packets.Count < 700)
                        flight.Add(0, random.Next(1452), SentPacketState.InFlight, now);
                    break;
                case 1:
                    if (flight.TryPeekLost(out var lost))
                        flight.Resend(lost, now);
                    break;
                case 2:
                    var bits = new byte[4 * random.Next(1, 63)];
                    random.Fill(bits);
                    flight.Acknowledge(flight.Packets.First - 1 + (random.Chance(0.5) && flight.Packets.Count > 0 ? random.Next(Math.Min(3, flight.Packets.Count + 1)) : 0), Bits(bits), now, rtt);
                    flight.DetectLosses(now, rtt);
                    break;
                default:
                    if (random.Chance(0.02))
                        flight.LoseAll();
                    break;
            }

            if (i % 50 == 0)
            {
                int open = 0, gone = 0;
                for (var number = flight.Packets.First; number < flight.Packets.Next; number++)
                {
                    ref var packet = ref flight.Packets[number];
                    open += packet.State == SentPacketState.InFlight ? packet.PayloadLength + 20 : 0;
                    gone += (packet.State & (SentPacketState.Lost | SentPacketState.Delivered)) == SentPacketState.Lost ? 1 : 0;
                }

                flight.BytesInFlight.Should().Be(open);
                flight.LostPackets.Should().Be(gone);
            }
        }
    }

    [Fact]
    public void Timers_ComeInOrder_WhateverWasMoved()
    {
        var random = new DeterministicRandom(6);
        var endpoint = new UtpEndpoint(new UtpOptions(), new byte[32]);
        var connections = Enumerable.Range(0, 500).Select(i => endpoint.Connect(UtpPair.RightAddress, (ushort)i, 0, new Instant(1))).ToArray();
        var timers = new ConnectionTimers();
        var due = new Dictionary<UtpConnection, long>();
        for (var i = 0; i < 5_000; i++)
        {
            var connection = connections[random.Next(connections.Length)];
            if (random.Chance(0.1))
            {
                timers.Remove(connection);
                due.Remove(connection);
                continue;
            }

            var time = random.Next(1, 100_000);
            timers.Schedule(connection, time);
            due[connection] = Math.Min(time, due.GetValueOrDefault(connection, long.MaxValue));
        }

        var last = 0L;
        while (timers.First is { } next)
        {
            timers.TryTake(next - 1, out _).Should().BeFalse();
            timers.TryTake(next, out var connection).Should().BeTrue();
            due.Remove(connection, out var wanted).Should().BeTrue();
            wanted.Should().Be(next);
            next.Should().BeGreaterThanOrEqualTo(last);
            last = next;
        }

        due.Should().BeEmpty();
    }

    private static SelectiveAck Bits(params byte[] bits)
    {
        var ack = default(SelectiveAck);
        ack.Add(bits);
        return ack;
    }
}
