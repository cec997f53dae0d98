using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Tests.Unit.Utp;
using Crust.Utp;
using Crust.Utp.Packets;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>µTP packets that were bent: headers, chains of extensions, selective acks, and whole conversations of them.</summary>
public sealed class UtpFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 4712;
    private const int Cases = 50_000;

    private static readonly TransportAddress Left = new(new Bits128(0, 1), 1), Right = new(new Bits128(0, 2), 2);

    private static byte[][] Corpus =>
    [
        Packet(PacketType.Syn, 0), [.. Packet(PacketType.Syn, ExtensionKind.Bits), .. Mark(0)], Packet(PacketType.State, 0), Packet(PacketType.Reset, 0), Packet(PacketType.Fin, 0),
        [.. Packet(PacketType.Data, 0), 1, 2, 3], [.. Packet(PacketType.Data, ExtensionKind.Bits), .. Mark(0), 1, 2, 3],
        [.. Packet(PacketType.State, ExtensionKind.SelectiveAck), 0, 4, 1, 2, 3, 0x80],
        [.. Packet(PacketType.State, ExtensionKind.SelectiveAck), 1, 252, .. new byte[252], 0, 8, 255, 255, 255, 255, 255, 255, 255, 255],
        [.. Packet(PacketType.State, ExtensionKind.SelectiveAck), ExtensionKind.Bits, 8, 255, 0, 255, 0, 1, 0, 0, 0, .. Mark(0)],
        [.. Packet(PacketType.Data, ExtensionKind.Bits), .. Filler(300), 9, 9, 9],
        [.. Packet(PacketType.Data, 3), 77, 4, 0, 0, 0, 1, 0, 3, 1, 2, 3, 5],
        [.. Packet(PacketType.Data, ExtensionKind.Part), 0, 4, 0, 2, 0, 5, 1, 2, 3],
    ];

    /// <summary>The corpus above was thought of; this one was sent.</summary>
    private static byte[][] Recorded => [.. Capture.Read(UtpRecorder.File).Select(c => c.Bytes)];

    [Fact]
    public void RecordedDatagrams_ParseAsTheyAre_AndHaveEveryTypeAndExtension()
    {
        var extensions = new HashSet<byte>();
        foreach (var bytes in Recorded)
        {
            PacketHeader.TryRead(bytes, out var header).Should().BeTrue();
            PacketExtensions.TryRead(bytes, header.Extension, out var read).Should().BeTrue();
            extensions.Add(header.Extension);
            if (read.Part.WholeLength > 0)
                extensions.Add(ExtensionKind.Part);
        }

        Recorded.Select(bytes => bytes[0] >> 4).Distinct().Should().BeEquivalentTo([0, 1, 2, 3, 4]);
        extensions.Should().Contain([ExtensionKind.None, ExtensionKind.Bits, ExtensionKind.SelectiveAck, ExtensionKind.Part]);
    }

    /// <summary>Recorded packets, mutated, with the ids and numbers of a connection that lives, so that they get as far as they can.</summary>
    [Fact]
    public void ALiveEndpoint_SurvivesRecordedDatagrams_ThatFitItsConnections()
    {
        var random = new Random(Seed);
        var mutator = new Mutator(Seed, Recorded);
        var taken = 0L;
        for (var story = 0; story < 60; story++)
        {
            var pair = new UtpPair();
            var (left, right) = pair.Open();
            for (var round = 0; round < 200; round++)
            {
                var (side, end, from) = random.Next(2) == 0 ? (pair.Left, left, UtpPair.RightAddress) : (pair.Right, right, UtpPair.LeftAddress);
                var bytes = mutator.Next();
                if (bytes.Length >= PacketHeader.Length && random.Next(8) > 0)
                    Fit(bytes, end, end == left ? right : left, random);
                var dropped = side.Endpoint.Statistics.Dropped;
                pair.Inject(side, bytes, from);
                taken += side.Endpoint.Statistics.Dropped == dropped ? 1 : 0;
                left.Write(new byte[random.Next(3_000)]);
                right.Write(new byte[random.Next(3_000)]);
                while (left.Read(new byte[4_096]) > 0 || right.Read(new byte[4_096]) > 0)
                {
                }

                pair.Run(random.NextDouble() * 0.05);
            }

            (pair.Left.Endpoint.HeldBlocks * 16_384L).Should().BeLessThan(2_000_000);
            left.Abort();
            right.Abort();
            pair.Run(5);
            pair.Open();
        }

        output.WriteLine($"{taken} of {60 * 200} were taken");
        taken.Should().BeGreaterThan(400);
    }

    private static void Fit(byte[] bytes, UtpConnection to, UtpConnection from, Random random)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), to.Key.ReceiveId);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), unchecked((ushort)(from.NextPacketNumber + random.Next(-3, 8))));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(18), unchecked((ushort)(to.FirstPacketNumber - 1 + random.Next(-2, 6))));
    }

    [Fact]
    public void PacketHeader_SaysNo_OrTheSameAgain()
    {
        var again = new byte[PacketHeader.Length];
        Run(Corpus, bytes =>
        {
            if (!PacketHeader.TryRead(bytes, out var header))
                return false;
            header.Write(again);
            again.Should().Equal(bytes[..PacketHeader.Length]);
            return true;
        });
    }

    [Fact]
    public void Extensions_SayNo_OrStayInsideThePacket() => Run(Corpus, bytes =>
    {
        if (!PacketHeader.TryRead(bytes, out var header) || !PacketExtensions.TryRead(bytes, header.Extension, out var extensions))
            return false;
        extensions.PayloadOffset.Should().BeInRange(PacketHeader.Length, bytes.Length);
        extensions.SelectiveAck.Parts.Should().BeInRange(0, SelectiveAck.MaxParts);
        for (var part = 0; part < extensions.SelectiveAck.Parts; part++)
            extensions.SelectiveAck[part].Length.Should().BeInRange(1, byte.MaxValue);
        return true;
    });

    [Fact]
    public void Padding_ReadsAsNothing_AtEveryLength()
    {
        for (var length = PaddingExtension.MinLength; length < 1_500; length++)
        {
            byte[] packet = [.. Packet(PacketType.Data, ExtensionKind.Bits), .. Filler(length), 7];
            PacketExtensions.TryRead(packet, ExtensionKind.Bits, out var extensions).Should().BeTrue();
            extensions.PayloadOffset.Should().Be(packet.Length - 1);
            extensions.IsMarked.Should().BeTrue();
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Endpoint_SurvivesEveryMutationOfWhatItsPeerSends()
    {
        var random = new Random(Seed);
        var opened = 0;
        for (var story = 0; story < 150; story++)
        {
            var options = new UtpOptions { InitialWindowBytes = 32 * 1024, MaxWindowBytes = 64 * 1024 };
            UtpEndpoint[] ends = [new(options, new byte[32]), new(options, new byte[32])];
            var now = new Instant(1_000_000);
            var connection = ends[0].Connect(Right, (ushort)random.Next(65536), (ushort)random.Next(65536), now);
            var buffer = new byte[UtpEndpoint.TransmitBufferLength];
            for (var round = 0; round < 60; round++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(1, 60));
                connection.Write(new byte[random.Next(4_000)]);
                for (var side = 0; side < 2; side++)
                {
                    ends[side].HandleTimeout(now);
                    while (ends[side].PollEvent(out var happened))
                    {
                        opened += happened.Kind == UtpEventKind.Accepted ? 1 : 0;
                        happened.Connection.Read(buffer);
                        if (side == 1)
                            happened.Connection.Write(new byte[random.Next(3_000)]);
                        if (random.Next(200) == 0)
                            happened.Connection.FinishWriting();
                    }

                    while (ends[side].PollTransmit(buffer, now, out var transmit))
                    {
                        for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentLength)
                        {
                            var datagram = buffer.AsSpan(offset, Math.Min(transmit.SegmentLength, transmit.Length - offset)).ToArray();
                            if (random.Next(8) == 0)
                                ends[1 - side].Handle(new Mutator(random.Next(), [datagram]).Next(), side == 0 ? Left : Right, now);
                            if (random.Next(20) != 0)
                                ends[1 - side].Handle(datagram, side == 0 ? Left : Right, now);
                        }
                    }
                }
            }

            foreach (var end in ends)
                (end.HeldBlocks * 16_384L).Should().BeLessThan(end.ConnectionCount * 400_000L + 1);
        }

        opened.Should().BeGreaterThan(100);
    }

    private static byte[] Packet(PacketType type, byte extension)
    {
        var packet = new byte[PacketHeader.Length];
        new PacketHeader(type, extension, 0x1234, 0x01020304, 0x05060708, 0x00100000, 0xFFFE, 0x0001).Write(packet);
        return packet;
    }

    private static byte[] Mark(byte next)
    {
        var mark = new byte[PeerMark.ExtensionLength];
        PeerMark.Write(mark, next);
        return mark;
    }

    private static byte[] Filler(int length)
    {
        var filler = new byte[length];
        PaddingExtension.Write(filler, marks: true);
        return filler;
    }

    private void Run(IReadOnlyList<byte[]> corpus, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {Cases} cases, {accepted} accepted");
        accepted.Should().BePositive();
    }
}
