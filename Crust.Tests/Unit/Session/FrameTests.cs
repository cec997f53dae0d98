using Crust.Session;
using Crust.Session.Frames;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Each frame: its exact bytes, and every truncation refused.</summary>
public class FrameTests
{
    private static readonly EntryShape Message = new(EntryKind.Message, 3, false, 2, 0);

    private delegate void WriteFrame(ref SpanWriter writer);

    private delegate bool ReadFrame(ref SpanReader reader);

    [Fact]
    public void Protocol_HasItsBytes()
    {
        var bytes = Written((ref SpanWriter writer) => new ProtocolFrame(64, "ab"u8).Write(ref writer));
        bytes.Should().Equal(0x01, 0x40, 0x40, 2, (byte)'a', (byte)'b');
        RefusesTruncated(bytes, (ref SpanReader reader) => ProtocolFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void Entry_HasItsBytes_ForEachKind()
    {
        Entry(Message, [7, 8]).Should().Equal(0x02, 5, 0x31, 2, 2, 7, 8);
        Entry(Message with { IsUnsigned = true, Priority = 0 }, []).Should().Equal(0x02, 5, 0x81, 2, 0);
        Entry(new EntryShape(EntryKind.StreamOpen, 1, false, 2, 6), []).Should().Equal(0x02, 5, 0x12, 2, 6, 0);
        Entry(new EntryShape(EntryKind.StreamData, 1, false, 0, 6), [9]).Should().Equal(0x02, 5, 0x13, 6, 1, 9);
        Entry(new EntryShape(EntryKind.StreamFinish, 2, false, 0, 6), []).Should().Equal(0x02, 5, 0x24, 6, 0);
        Entry(new EntryShape(EntryKind.StreamReset, 1, false, 0, 6), new byte[8]).Should().Equal(0x02, 5, 0x15, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0);
        Entry(new EntryShape(EntryKind.StreamStop, 1, false, 0, 6), new byte[8]).Should().Equal(0x02, 5, 0x16, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    [Theory]
    [InlineData(new byte[] { 5, 0x00, 2, 0 }, "kind 0")]
    [InlineData(new byte[] { 5, 0x07, 2, 0 }, "kind 7")]
    [InlineData(new byte[] { 5, 0x41, 2, 0 }, "the reserved bit")]
    [InlineData(new byte[] { 0, 0x01, 2, 0 }, "number 0")]
    [InlineData(new byte[] { 5, 0x13, 6, 0 }, "stream data without data")]
    [InlineData(new byte[] { 5, 0x14, 6, 1, 9 }, "a finish with data")]
    [InlineData(new byte[] { 5, 0x12, 2, 6, 1, 9 }, "an opening with data")]
    [InlineData(new byte[] { 5, 0x15, 6, 7, 0, 0, 0, 0, 0, 0, 0 }, "a reset of seven bytes")]
    [InlineData(new byte[] { 5, 0x16, 6, 0 }, "a stop without a code")]
    public void Entry_IsRefused(byte[] bytes, string with)
    {
        var reader = new SpanReader(bytes);
        EntryFrame.TryRead(ref reader, out _).Should().BeFalse(with);
    }

    [Fact]
    public void CreditReturn_HasItsBytes()
    {
        var bytes = Written((ref SpanWriter writer) => new CreditReturnFrame(300, 7).Write(ref writer));
        bytes.Should().Equal(0x10, 0x41, 0x2C, 7);
        RefusesTruncated(bytes, (ref SpanReader reader) => CreditReturnFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void Fragments_HaveTheirBytes()
    {
        var begin = Written((ref SpanWriter writer) => new BeginFrame(0, Message, 300, [7, 8]).Write(ref writer));
        begin.Should().Equal(0x09, 0, 0x31, 2, 0x41, 0x2C, 2, 7, 8);
        RefusesTruncated(begin, (ref SpanReader reader) => BeginFrame.TryRead(ref reader, out _));
        var more = Written((ref SpanWriter writer) => new MoreFrame(3, [7]).Write(ref writer));
        more.Should().Equal(0x0A, 3, 1, 7);
        RefusesTruncated(more, (ref SpanReader reader) => MoreFrame.TryRead(ref reader, out _));
        var end = Written((ref SpanWriter writer) => new EndFrame(3, 5, [7]).Write(ref writer));
        end.Should().Equal(0x0B, 3, 5, 1, 7);
        RefusesTruncated(end, (ref SpanReader reader) => EndFrame.TryRead(ref reader, out _));
        EndFrame.Length(5, 1).Should().Be(end.Length);
    }

    [Theory]
    [InlineData(0x09, new byte[] { 0, 0x31, 2, 2, 2, 7, 8 }, "a beginning that is all")]
    [InlineData(0x09, new byte[] { 0, 0x31, 2, 2, 0 }, "a beginning without data")]
    [InlineData(0x09, new byte[] { 0, 0x12, 2, 6, 2, 1, 7 }, "an opening in pieces")]
    [InlineData(0x09, new byte[] { 0, 0x31, 2, 0x80, 0x20, 0, 1, 1, 7 }, "longer than a message may be")]
    [InlineData(0x09, new byte[] { 0, 0x13, 6, 0x80, 0, 0x80, 1, 1, 7 }, "longer than a chunk may be")]
    [InlineData(0x0A, new byte[] { 4, 1, 7 }, "lane 4")]
    [InlineData(0x0A, new byte[] { 3, 0 }, "a fragment without data")]
    [InlineData(0x0B, new byte[] { 4, 5, 1, 7 }, "lane 4")]
    [InlineData(0x0B, new byte[] { 3, 0, 1, 7 }, "number 0")]
    [InlineData(0x0B, new byte[] { 3, 5, 0 }, "an end without data")]
    public void Fragment_IsRefused(byte type, byte[] bytes, string with)
    {
        var reader = new SpanReader(bytes);
        var read = type switch
        {
            0x09 => BeginFrame.TryRead(ref reader, out _),
            0x0A => MoreFrame.TryRead(ref reader, out _),
            _ => EndFrame.TryRead(ref reader, out _),
        };
        read.Should().BeFalse(with);
    }

    [Fact]
    public void Batch_HasItsBytes()
    {
        var signature = Enumerable.Repeat((byte)0xEE, 64).ToArray();
        var bytes = Written((ref SpanWriter writer) => new BatchFrame(9, 1024, 0x0102, signature).Write(ref writer));
        bytes.Should().Equal([0x03, 9, 0x44, 0x00, 0, 0, 0, 0, 0, 0, 1, 2, .. signature]);
        RefusesTruncated(bytes, (ref SpanReader reader) => BatchFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void Acknowledge_Refuse_Goodbye_HaveTheirBytes()
    {
        var acknowledge = Written((ref SpanWriter writer) => new AcknowledgeFrame(3, 4 << 20, 5).Write(ref writer));
        acknowledge.Should().Equal(0x04, 3, 0x80, 0x40, 0, 0, 5);
        RefusesTruncated(acknowledge, (ref SpanReader reader) => AcknowledgeFrame.TryRead(ref reader, out _));

        var refuse = Written((ref SpanWriter writer) => new RefuseFrame(3, 1).Write(ref writer));
        refuse.Should().Equal(0x07, 3, 1);
        RefusesTruncated(refuse, (ref SpanReader reader) => RefuseFrame.TryRead(ref reader, out _));

        var goodbye = Written((ref SpanWriter writer) => new GoodbyeFrame(GoodbyeCode.GoingAway, "é").Write(ref writer));
        goodbye.Should().Equal(0x08, 1, 2, 0xC3, 0xA9);
        RefusesTruncated(goodbye, (ref SpanReader reader) => GoodbyeFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void StreamCredit_Datagram_Nominate_HaveTheirBytes()
    {
        var credit = Written((ref SpanWriter writer) => new StreamCreditFrame(6, 64).Write(ref writer));
        credit.Should().Equal(0x0C, 6, 0x40, 0x40);
        RefusesTruncated(credit, (ref SpanReader reader) => StreamCreditFrame.TryRead(ref reader, out _));

        var datagram = Written((ref SpanWriter writer) => new DatagramFrame("ab"u8, [7]).Write(ref writer));
        datagram.Should().Equal(0x0D, 2, (byte)'a', (byte)'b', 1, 7);
        datagram.Length.Should().Be(DatagramFrame.Length(2, 1));
        RefusesTruncated(datagram, (ref SpanReader reader) => DatagramFrame.TryRead(ref reader, out _));

        var nominate = Written((ref SpanWriter writer) => new NominateFrame(64).Write(ref writer));
        nominate.Should().Equal(0x0E, 0x40, 0x40);
        RefusesTruncated(nominate, (ref SpanReader reader) => NominateFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void LongestFrames_FitTheirBounds()
    {
        Written((ref SpanWriter writer) => new ProtocolFrame(WireLimits.MaxProtocols, new byte[64]).Write(ref writer)).Length.Should().Be(ProtocolFrame.MaxLength);
        Written((ref SpanWriter writer) => new BatchFrame(VarInt.MaxValue, 1024, 0, new byte[64]).Write(ref writer)).Length.Should().Be(BatchFrame.MaxLength);
        Written((ref SpanWriter writer) => new AcknowledgeFrame(VarInt.MaxValue, 1L << 61, 1L << 61).Write(ref writer)).Length.Should().Be(AcknowledgeFrame.MaxLength);
        Written((ref SpanWriter writer) => new RefuseFrame(VarInt.MaxValue, int.MaxValue).Write(ref writer)).Length.Should().BeLessThanOrEqualTo(RefuseFrame.MaxLength);
        Written((ref SpanWriter writer) => new StreamCreditFrame(VarInt.MaxValue, VarInt.MaxValue).Write(ref writer)).Length.Should().Be(StreamCreditFrame.MaxLength);
        Written((ref SpanWriter writer) => new NominateFrame(uint.MaxValue).Write(ref writer)).Length.Should().BeLessThanOrEqualTo(NominateFrame.MaxLength);
        Written((ref SpanWriter writer) => new GoodbyeFrame((GoodbyeCode)int.MaxValue, new string('x', 999)).Write(ref writer)).Length.Should().BeLessThanOrEqualTo(GoodbyeFrame.MaxLength);
        (AcknowledgeFrame.MaxLength + GoodbyeFrame.MaxLength).Should().BeLessThan(WireLimits.MinRecordLength);
    }

    private static byte[] Entry(EntryShape shape, byte[] data)
    {
        var bytes = Written((ref SpanWriter writer) => new EntryFrame(5, shape, data).Write(ref writer));
        bytes.Length.Should().Be(EntryFrame.Length(5, shape, data.Length));
        RefusesTruncated(bytes, (ref SpanReader reader) => EntryFrame.TryRead(ref reader, out _));
        var read = new SpanReader(bytes.AsSpan(1));
        EntryFrame.TryRead(ref read, out var frame).Should().BeTrue();
        frame.Shape.Should().Be(shape);
        return bytes;
    }

    private static byte[] Written(WriteFrame write)
    {
        var buffer = new byte[80_000];
        var writer = new SpanWriter(buffer);
        write(ref writer);
        return buffer[..writer.Position];
    }

    private static void RefusesTruncated(byte[] frame, ReadFrame read)
    {
        var whole = new SpanReader(frame.AsSpan(1));
        read(ref whole).Should().BeTrue();
        whole.IsAtEnd.Should().BeTrue();
        for (var length = 1; length < frame.Length; length++)
        {
            var reader = new SpanReader(frame.AsSpan(1, length - 1));
            read(ref reader).Should().BeFalse($"{length} of {frame.Length} bytes are no frame");
        }
    }
}
