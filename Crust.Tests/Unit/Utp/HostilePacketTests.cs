using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Utp;
using Crust.Utp.Packets;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>Packets from somebody who is not the other end, or from an end that lies.</summary>
public sealed class HostilePacketTests
{
    private readonly UtpPair _pair = new();

    [Fact]
    public void SynFlood_LeavesNoState_AndNoMoreBytesThanCame()
    {
        var endpoint = _pair.Right.Endpoint;
        var random = new DeterministicRandom(3);
        var buffer = new byte[UtpEndpoint.TransmitBufferLength];
        long received = 0, sent = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var syn = Packet(new PacketHeader(PacketType.Syn, 0, (ushort)random.Next(65536), 1, 0, 1_000_000, (ushort)random.Next(65536), 0));
            received += syn.Length;
            endpoint.Handle(syn, new TransportAddress(new Bits128(0, random.NextUInt64()), (ushort)random.Next(65536)), _pair.Now);
            while (i % 3 == 0 && endpoint.PollTransmit(buffer, _pair.Now, out var transmit))
                sent += transmit.Length;
        }

        while (endpoint.PollTransmit(buffer, _pair.Now, out var transmit))
            sent += transmit.Length;
        sent.Should().BeInRange(received / 2, received);
        endpoint.ConnectionCount.Should().Be(0);
        endpoint.PollTimeout().Should().BeNull();
        _pair.Open();
    }

    [Fact]
    public void Answers_WithoutState_AreBounded_WhenNothingIsSent()
    {
        for (var i = 0; i < 50_000; i++)
            _pair.Right.Endpoint.Handle(Packet(new PacketHeader(PacketType.Syn, 0, (ushort)i, 1, 0, 0, 7, 0)), UtpPair.LeftAddress, _pair.Now);

        var answers = 0;
        while (_pair.Right.Endpoint.PollTransmit(new byte[UtpEndpoint.TransmitBufferLength], _pair.Now, out _))
            answers++;
        answers.Should().BeLessThan(2_000);
    }

    [Fact]
    public void Data_WithAGuessedCookie_OpensNothing()
    {
        var opened = 0;
        for (var guess = 0; guess < 65536; guess++)
        {
            _pair.Right.Endpoint.Handle(
                [.. Packet(new PacketHeader(PacketType.Data, 0, 101, 1, 0, 1_000_000, 8, (ushort)guess)), 1, 2, 3], UtpPair.LeftAddress, _pair.Now);
            while (_pair.Right.Endpoint.PollTransmit(new byte[UtpEndpoint.TransmitBufferLength], _pair.Now, out _))
            {
            }

            opened = _pair.Right.Endpoint.ConnectionCount;
            if (opened > 0)
                break;
        }

        // Of all guesses two are right: one for each epoch. Who needs one guess in 32,768 has not proven an address, and that is all 16 bits can do.
        opened.Should().Be(1);
        _pair.Right.Endpoint.Statistics.Dropped.Should().BeGreaterThan(100);
    }

    [Fact]
    public void Cookie_IsGoodForTwoEpochs()
    {
        var left = _pair.Left.Connect();
        Datagram? answer = null;
        _pair.Fate = datagram =>
        {
            if (datagram.Type == PacketType.State && !datagram.IsFromLeft)
                answer = datagram;
            return datagram.IsFromLeft && datagram.Type == PacketType.Syn ? [0] : [];
        };
        _pair.Run(0.5);
        answer.Should().NotBeNull();
        left.Abort();
        _pair.Pump();
        var data = Packet(new PacketHeader(
            PacketType.Data, 0, unchecked((ushort)(answer!.ConnectionId + 1)), 1, 0, 1_000_000, unchecked((ushort)(answer.AcknowledgementNumber + 1)),
            unchecked((ushort)(answer.SequenceNumber - 1))));

        _pair.Run(40);
        _pair.Inject(_pair.Right, data, UtpPair.LeftAddress);

        _pair.Right.Endpoint.ConnectionCount.Should().Be(0, "its epoch is over");
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(1, 0, true)]
    [InlineData(0, 2_000, false)]
    [InlineData(0, -2_000, false)]
    [InlineData(500, 0, false)]
    public void Reset_CountsOnlyWithOurIdAndANumberThatWeSent(int idOffset, int numberOffset, bool counts)
    {
        var (left, right) = _pair.Open();
        var next = NextNumber(left);
        var header = new PacketHeader(PacketType.Reset, 0, unchecked((ushort)(left.Key.ReceiveId + idOffset)), 1, 0, 0, 0, unchecked((ushort)(next + numberOffset)));

        _pair.Inject(_pair.Left, Packet(header), UtpPair.RightAddress);

        left.EndReason.Should().Be(counts ? UtpEndReason.ResetByRemote : UtpEndReason.None);
        right.EndReason.Should().Be(UtpEndReason.None);
    }

    [Fact]
    public void Reset_FromAnotherAddress_CountsNothing()
    {
        var (left, _) = _pair.Open();

        _pair.Inject(_pair.Left, Packet(new PacketHeader(PacketType.Reset, 0, left.Key.ReceiveId, 1, 0, 0, 0, NextNumber(left))), UtpPair.RightAddress with { Port = 9 });

        left.EndReason.Should().Be(UtpEndReason.None);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(30_000)]
    [InlineData(-30_000)]
    public void Acknowledgement_OfWhatWasNotSent_ChangesNothing(int ahead)
    {
        var (left, right) = _pair.Open();
        var last = unchecked((ushort)(NextNumber(left) - 1));
        var dropped = _pair.Left.Endpoint.Statistics.Dropped;

        _pair.Inject(
            _pair.Left, Packet(new PacketHeader(PacketType.State, 0, left.Key.ReceiveId, 1, 5, 1_000_000, NextNumber(right), unchecked((ushort)(last + ahead)))), UtpPair.RightAddress);

        _pair.Left.Endpoint.Statistics.Dropped.Should().Be(dropped + 1);
        new Transfer(left, right, 100_000).Start(_pair);
        _pair.Run(5);
        right.ReadableBytes.Should().Be(0);
    }

    [Fact]
    public void SelectiveAck_BeyondTheWindow_ChangesNothing()
    {
        var (left, right) = _pair.Open();
        var transfer = new Transfer(left, right, 300_000).Start(_pair);
        _pair.Pump();
        for (var repeat = 0; repeat < 200; repeat++)
        {
            var bits = new byte[SelectiveAck.MaxPartLength];
            Array.Fill(bits, (byte)0xFF);
            byte[] packet =
            [
                .. Packet(new PacketHeader(
                    PacketType.State, ExtensionKind.SelectiveAck, left.Key.ReceiveId, 1, 5, 1_000_000, NextNumber(right), FirstUnacknowledged(left))),
                0, (byte)bits.Length, .. bits,
            ];
            _pair.Inject(_pair.Left, packet, UtpPair.RightAddress);
        }

        // It said that everything had come. What the sender believed of that, the next honest acknowledgement does not take back; but nothing is corrupted.
        _pair.Run(5);
        left.Path.BytesInFlight.Should().BeGreaterThanOrEqualTo(0);
        transfer.Read.Should().BeLessThanOrEqualTo(300_000);
    }

    [Fact]
    public void Data_MuchOlderThanTheNewest_IsRefused()
    {
        var (left, right) = _pair.Open();
        var next = NextNumber(left);
        _pair.Run(1);
        left.Write([9]);
        _pair.Run(1);
        right.Read(new byte[1]).Should().Be(1);
        var recorded = _pair.Sent = [];
        left.Write([10]);
        _pair.Run(1);
        right.Read(new byte[1]).Should().Be(1);
        var old = recorded.First(datagram => datagram.IsFromLeft && datagram.Type == PacketType.Data).Bytes;

        // The same packet 65,536 numbers later would carry the number that is expected now.
        BinaryPrimitives.WriteUInt16BigEndian(old.AsSpan(16), unchecked((ushort)(next + 2)));
        _pair.Run(1);
        left.Write([11]);
        _pair.Run(1);
        var before = _pair.Right.Endpoint.Statistics.Old;
        BinaryPrimitives.WriteUInt16BigEndian(old.AsSpan(16), unchecked((ushort)(next + 3)));
        _pair.Inject(_pair.Right, old, UtpPair.LeftAddress);

        _pair.Right.Endpoint.Statistics.Old.Should().Be(before + 1);
        right.ReadableBytes.Should().Be(1, "the honest one came");
    }

    [Fact]
    public void Data_BeyondTheWindow_IsNotKept()
    {
        var pair = new UtpPair(right: new UtpOptions { InitialWindowBytes = 64 * 1024, MaxWindowBytes = 64 * 1024 });
        var (left, right) = pair.Open();
        var next = NextNumber(left);
        for (var i = 1; i < 1_000; i++)
        {
            byte[] packet =
            [
                .. Packet(new PacketHeader(
                    PacketType.Data, 0, right.Key.ReceiveId, pair.Left.Endpoint.Timestamp(pair.Now.Microseconds), 0, 1_000_000, unchecked((ushort)(next + i)), unchecked((ushort)(NextNumber(right) - 1)))),
                .. new byte[1000],
            ];
            pair.Inject(pair.Right, packet, UtpPair.LeftAddress);
        }

        pair.Right.Endpoint.HeldPackets.Should().BeInRange(1, 65);
        right.ReadableBytes.Should().Be(0);
    }

    [Fact]
    public void UnknownPacket_GetsOneReset_AndAResetNone()
    {
        _pair.Sent = [];

        _pair.Inject(_pair.Right, Packet(new PacketHeader(PacketType.State, 0, 77, 1, 0, 0, 5, 6)), UtpPair.LeftAddress);
        _pair.Inject(_pair.Right, Packet(new PacketHeader(PacketType.Reset, 0, 77, 1, 0, 0, 5, 6)), UtpPair.LeftAddress);

        _pair.Sent.Should().ContainSingle();
        _pair.Sent[0].Type.Should().Be(PacketType.Reset);
        _pair.Sent[0].ConnectionId.Should().Be(77);
        _pair.Sent[0].AcknowledgementNumber.Should().Be(5);
    }

    [Fact]
    public void Garbage_IsCountedAndDropped()
    {
        var random = new DeterministicRandom(9);
        var (left, right) = _pair.Open();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(80)];
            random.Fill(bytes);
            if (bytes.Length > 4 && random.Chance(0.8))
            {
                bytes[0] = (byte)((random.Next(5) << 4) | 1);
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), right.Key.ReceiveId);
            }

            _pair.Inject(_pair.Right, bytes, UtpPair.LeftAddress);
        }

        _pair.Right.Endpoint.ConnectionCount.Should().BeLessThan(5);
        if (right.EndReason == UtpEndReason.None)
            new Transfer(left, right, 1).Start(_pair);
    }

    internal static byte[] Packet(PacketHeader header)
    {
        var packet = new byte[PacketHeader.Length];
        header.Write(packet);
        return packet;
    }

    private static ushort NextNumber(UtpConnection connection) => PacketNumber.ToSequenceNumber(connection.NextPacketNumber);

    private static ushort FirstUnacknowledged(UtpConnection connection) => unchecked((ushort)(PacketNumber.ToSequenceNumber(connection.FirstPacketNumber) - 1));
}
