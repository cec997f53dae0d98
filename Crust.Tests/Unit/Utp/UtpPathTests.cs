using Crust.Primitives;
using Crust.Utp;
using Crust.Utp.Packets;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>What a path may do to a connection.</summary>
public sealed class UtpPathTests
{
    private readonly UtpPair _pair = new();

    [Fact]
    [Trait("speed", "slow")]
    public void SequenceNumbers_Wrap_ThreeTimes()
    {
        _pair.DelayMicroseconds = 2_000;
        var (left, right) = _pair.Open();
        var random = new Random(11);
        _pair.Fate = datagram => datagram.IsFromLeft && random.Next(1000) == 0 ? [] : [0];
        const int packets = 210_000;
        var transfer = new Transfer(left, right, packets * 1452L).Start(_pair);

        _pair.RunUntil(() => transfer.IsDone, 2_000);

        _pair.Left.Endpoint.Statistics.DatagramsSent.Should().BeGreaterThan(packets);
    }

    [Fact]
    public void PathMtu_IsFound()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 3_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);

        left.Path.DatagramLength.Should().Be(1472);
    }

    [Fact]
    public void JumboDatagrams_AreUsed_WhereThePathTakesThem()
    {
        var pair = new UtpPair(new UtpOptions { JumboDatagramLength = 8120 }, new UtpOptions { JumboDatagramLength = 8120 });
        var random = new Random(3);
        pair.Fate = datagram => datagram.Bytes.Length > 8120 || random.Next(200) == 0 ? [] : random.Next(20) == 0 ? [random.Next(3_000)] : [0];
        var (left, right) = pair.Open();
        var transfer = new Transfer(left, right, 8_000_000, finishes: true).Start(pair);
        pair.RunUntil(() => transfer.IsDone && right.IsReadFinished, 60);

        left.Path.DatagramLength.Should().Be(8120);
        pair.Run(5);
        pair.Right.Endpoint.HeldPackets.Should().Be(0);
    }

    [Fact]
    public void AJumboProbe_ThatTheKernelRefuses_CostsNothing()
    {
        var pair = new UtpPair(new UtpOptions { JumboDatagramLength = 8120 });
        var refused = new List<int>();
        UtpConnection? sender = null;
        pair.Fate = datagram =>
        {
            if (datagram.Bytes.Length <= 1472)
                return [0];
            refused.Add(datagram.Bytes.Length);
            sender!.HandleTooLong(datagram.Bytes.Length, pair.Now.Microseconds);
            return [];
        };
        var (left, right) = pair.Open();
        sender = left;
        var transfer = new Transfer(left, right, 3_000_000).Start(pair);
        pair.RunUntil(() => transfer.IsDone, 30);

        refused.Should().Equal(8120);
        left.Path.DatagramLength.Should().Be(1472);
        pair.Left.Endpoint.Statistics.Retransmissions.Should().Be(1, "its payload goes again, at once");
    }

    [Fact]
    public void JumboDatagrams_GoInParts_WhenThePathBecomesNarrow()
    {
        var pair = new UtpPair(new UtpOptions { JumboDatagramLength = 8120 });
        var (left, right) = pair.Open();
        var transfer = new Transfer(left, right, 3_000_000).Start(pair);
        pair.RunUntil(() => transfer.IsDone, 30);
        left.Path.DatagramLength.Should().Be(8120);
        var more = new Transfer(left, right, 4_000_000, finishes: true).Start(pair);
        pair.Run(0.02);
        pair.Fate = datagram => datagram.Bytes.Length > 1472 ? [] : [0];

        pair.RunUntil(() => more.IsDone && right.IsReadFinished, 120);

        left.Path.DatagramLength.Should().Be(1472);
    }

    [Theory]
    [InlineData(1200, 1200, 1216)]
    [InlineData(1300, 1284, 1300)]
    [InlineData(1420, 1404, 1420)]
    [InlineData(1452, 1436, 1452)]
    public void PathMtu_StaysBelowABlackHole(int passes, int least, int most)
    {
        var longest = 0;
        _pair.Fate = datagram =>
        {
            if (datagram.Bytes.Length > passes)
                return [];
            longest = Math.Max(longest, datagram.Bytes.Length);
            return [0];
        };
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 5_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 60);

        left.Path.DatagramLength.Should().BeInRange(least, most);
        _pair.Left.Endpoint.Statistics.Retransmissions.Should().BeLessThan(40, "only probes are lost");
    }

    [Fact]
    public void PathMtu_Shrinks_WhenTheKernelSaysTooLong()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 3_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);

        left.HandleTooLong(1401, _pair.Now.Microseconds);

        left.Path.DatagramLength.Should().BeLessThanOrEqualTo(1400);
        var more = new Transfer(left, right, 1_000_000).Start(_pair);
        _pair.RunUntil(() => more.IsDone, 30);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LongPackets_GoInParts_WhenThePathBecomesABlackHole(int seed)
    {
        var random = new Random(seed);
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 2_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);
        left.Path.DatagramLength.Should().Be(1472);
        var more = new Transfer(left, right, 4_000_000, finishes: true).Start(_pair);
        _pair.Run(0.02);
        _pair.Fate = datagram => datagram.Bytes.Length > 1300 || random.Next(200) == 0 ? [] : random.Next(20) == 0 ? [random.Next(3_000)] : [0];

        _pair.RunUntil(() => more.IsDone && right.IsReadFinished, 120);

        left.Path.DatagramLength.Should().BeInRange(1200, 1300);
        _pair.Run(5);
        _pair.Right.Endpoint.HeldPackets.Should().Be(0);
    }

    /// <summary>
    /// libutp keeps what it has by number and knows no parts: what is under way stays as long as it is, and only probes forbid the path to cut it into fragments. So does
    /// libutp's own sender (UTP_UDP_DONTFRAG).
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LongPackets_GoInFragments_TowardsAPeerThatKnowsNoParts(int seed)
    {
        var random = new Random(seed);
        _pair.Fate = datagram =>
        {
            // As libutp, whose extension bits (kind 2, eight bytes) say nothing.
            if (datagram.Bytes[1] == 2)
                datagram.Bytes.AsSpan(22, 8).Clear();
            return [0];
        };
        var (left, right) = _pair.Open();
        left.IsCrust.Should().BeFalse();
        var transfer = new Transfer(left, right, 2_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);
        left.Path.DatagramLength.Should().Be(1472);
        var more = new Transfer(left, right, 4_000_000).Start(_pair);
        _pair.Run(0.02);
        _pair.Fate = datagram => (datagram.IsProbe && datagram.Bytes.Length > 1300) || random.Next(200) == 0 ? [] : [0];

        _pair.RunUntil(() => more.IsDone, 60);
    }

    [Fact]
    public void RemoteThatVanishes_EndsTheConnection_AfterHalfAMinute()
    {
        var (left, right) = _pair.Open();
        new Transfer(left, right, 5_000_000).Start(_pair);
        _pair.Run(0.1);
        _pair.Fate = _ => [];

        _pair.Run(29);
        left.EndReason.Should().Be(UtpEndReason.None);
        _pair.Run(15);

        left.EndReason.Should().Be(UtpEndReason.TimedOut);
        _pair.Left.Endpoint.ConnectionCount.Should().Be(0);
    }

    /// <summary>What used to happen: whoever had nothing to say kept the connection for ever.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RemoteThatVanishes_EndsAConnectionAtRest_WithinFiveKeepAlives(bool atDialler)
    {
        var (left, right) = _pair.Open();
        _pair.Run(5);
        _pair.Fate = _ => [];
        var end = atDialler ? left : right;

        _pair.Run(90);
        end.EndReason.Should().Be(UtpEndReason.None);
        _pair.Run(35);

        end.EndReason.Should().Be(UtpEndReason.TimedOut);
        (atDialler ? _pair.Left : _pair.Right).Endpoint.ConnectionCount.Should().Be(0);
    }

    [Fact]
    public void ConnectionAtRest_IsAskedFor_AndStays_WhenTheOtherSideSendsNoKeepAlives()
    {
        // As libutp after its FIN.
        var pair = new UtpPair(right: new UtpOptions { KeepAliveInterval = TimeSpan.Zero });
        var (left, right) = pair.Open();
        right.FinishWriting();
        pair.Run(600);

        left.EndReason.Should().Be(UtpEndReason.None);
        pair.Datagrams.Should().BeLessThan(60);
        left.Write([2]);
        pair.Run(1);
        right.ReadableBytes.Should().Be(1);
    }

    [Fact]
    public void PathMtu_GoesNoLowerThanWhatEveryHostTakes_WhateverAnybodySays()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 1_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);

        foreach (var length in new[] { 1472, 1200, 900, 548, 60, 1, 0 })
            left.HandleTooLong(length, _pair.Now.Microseconds);

        left.Path.DatagramLength.Should().Be(548);
        var more = new Transfer(left, right, 100_000).Start(_pair);
        _pair.RunUntil(() => more.IsDone, 30);
    }

    [Fact]
    public void PathBelowTheBase_IsFound_WhenItShrinks()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 1_000_000).Start(_pair);
        _pair.RunUntil(() => transfer.IsDone, 30);
        var more = new Transfer(left, right, 1_000_000).Start(_pair);
        _pair.Run(0.02);
        _pair.Fate = datagram => datagram.Bytes.Length > 900 ? [] : [0];

        _pair.RunUntil(() => more.IsDone, 60);

        left.Path.DatagramLength.Should().BeInRange(548, 900);
    }

    [Fact]
    public void PathThatComesBack_GoesOn()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 3_000_000).Start(_pair);
        _pair.Run(0.05);
        _pair.Fate = _ => [];
        _pair.Run(20);
        _pair.Fate = _ => [0];

        _pair.RunUntil(() => transfer.IsDone, 30);
    }

    [Fact]
    public void Unreachable_EndsAConnectionThatIsBeingMade_AndNoOther()
    {
        var (left, _) = _pair.Open();
        var other = _pair.Left.Connect();

        _pair.Left.Endpoint.HandleUnreachable(UtpPair.RightAddress, _pair.Now);

        other.EndReason.Should().Be(UtpEndReason.ResetByRemote);
        left.EndReason.Should().Be(UtpEndReason.None);
    }

    [Fact]
    public void ReaderThatStops_StopsTheWriter_AndMayGoOnLater()
    {
        var pair = new UtpPair(right: new UtpOptions { InitialWindowBytes = 128 * 1024 });
        var (left, right) = pair.Open();
        var transfer = new Transfer(left, right, 4_000_000) { Reads = false }.Start(pair);
        pair.Run(120);

        right.ReadableBytes.Should().BeLessThanOrEqualTo(128 * 1024).And.BeGreaterThan(100 * 1024);
        left.EndReason.Should().Be(UtpEndReason.None, "the other side answers, though it takes nothing");
        var datagrams = pair.Datagrams;
        pair.Run(60);
        (pair.Datagrams - datagrams).Should().BeLessThan(100, "a closed window is asked for at growing intervals");

        transfer.Reads = true;
        transfer.ReadAll();
        pair.RunUntil(() => transfer.IsDone, 60);
    }

    [Fact]
    public void WindowUpdate_ThatIsLost_IsAskedFor()
    {
        var pair = new UtpPair(right: new UtpOptions { InitialWindowBytes = 64 * 1024 });
        var (left, right) = pair.Open();
        var transfer = new Transfer(left, right, 1_000_000) { Reads = false }.Start(pair);
        pair.Run(5);
        pair.Fate = datagram => datagram.IsFromLeft ? [0] : [];
        transfer.Reads = true;
        transfer.ReadAll();
        pair.Run(0.001);
        pair.Fate = _ => [0];

        pair.RunUntil(() => transfer.IsDone, 40);
    }

    [Fact]
    public void Packet_ThatIsLostAlone_CostsAboutARoundTripMore()
    {
        _pair.DelayMicroseconds = 25_000;
        var (left, right) = _pair.Open();
        _pair.Run(1);
        var hasLost = false;
        _pair.Fate = datagram =>
        {
            var loses = datagram.IsFromLeft && datagram.Type == PacketType.Data && !hasLost;
            hasLost |= loses;
            return loses ? [] : [0];
        };
        var begin = _pair.Now;
        left.Write(new byte[100]);
        _pair.RunUntil(() => right.ReadableBytes == 100, 5);

        (_pair.Now - begin).Should().BeLessThan(TimeSpan.FromMilliseconds(25 + 130));
    }

    [Fact]
    public void IdleConnection_KeepsItsMappingAlive()
    {
        _pair.Open();
        _pair.Run(5);
        var before = _pair.Datagrams;
        _pair.Run(300);

        (_pair.Datagrams - before).Should().BeInRange(2 * 11, 2 * 13);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Windows_AreWideAmongCrustPeers_Only()
    {
        _pair.DelayMicroseconds = 200_000;
        var (left, right) = _pair.Open();
        // Its STATE comes without our mark: to the initiator that is a libutp peer.
        var other = new UtpPair { DelayMicroseconds = 200_000 };
        other.Fate = datagram =>
        {
            if (datagram.Type == PacketType.Syn)
                datagram.Bytes.AsSpan(22, 8).Clear();
            return [0];
        };
        var (strangerLeft, strangerRight) = other.Open();
        left.IsCrust.Should().BeTrue();
        strangerLeft.IsCrust.Should().BeFalse();
        strangerRight.IsCrust.Should().BeFalse();

        Most(_pair, left, right).Should().BeGreaterThan(1_200);
        Most(other, strangerLeft, strangerRight).Should().BeInRange(900, 1_023);

        static int Most(UtpPair pair, UtpConnection from, UtpConnection to)
        {
            new Transfer(from, to, 60_000_000).Start(pair);
            var most = 0;
            for (var i = 0; i < 200; i++)
            {
                pair.Run(0.1);
                most = Math.Max(most, (int)(from.NextPacketNumber - from.FirstPacketNumber));
            }

            return most;
        }
    }
}
