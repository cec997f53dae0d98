using Crust.Session;
using Crust.Wire;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Each frame: its exact bytes, and every truncation refused.</summary>
public class FrameTests
{
    [Fact]
    public void Protocol_HasItsBytes()
    {
        var bytes = Written((ref SpanWriter writer) => new ProtocolFrame(64, "ab"u8).Write(ref writer));
        bytes.Should().Equal(0x01, 0x40, 0x40, 2, (byte)'a', (byte)'b');
        RefusesTruncated(bytes, (ref SpanReader reader) => ProtocolFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void Message_HasItsBytes()
    {
        var bytes = Written((ref SpanWriter writer) => new MessageFrame(5, 2, 3, 300, 10, [7, 8]).Write(ref writer));
        bytes.Should().Equal(0x02, 5, 2, 3, 0x41, 0x2C, 10, 2, 7, 8);
        RefusesTruncated(bytes, (ref SpanReader reader) => MessageFrame.TryRead(ref reader, out _));
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
        var acknowledge = Written((ref SpanWriter writer) => new AcknowledgeFrame(3, 4 << 20).Write(ref writer));
        acknowledge.Should().Equal(0x04, 3, 0x80, 0x40, 0, 0);
        RefusesTruncated(acknowledge, (ref SpanReader reader) => AcknowledgeFrame.TryRead(ref reader, out _));

        var refuse = Written((ref SpanWriter writer) => new RefuseFrame(3, 1).Write(ref writer));
        refuse.Should().Equal(0x07, 3, 1);
        RefusesTruncated(refuse, (ref SpanReader reader) => RefuseFrame.TryRead(ref reader, out _));

        var goodbye = Written((ref SpanWriter writer) => new GoodbyeFrame(GoodbyeCode.GoingAway, "é").Write(ref writer));
        goodbye.Should().Equal(0x08, 1, 2, 0xC3, 0xA9);
        RefusesTruncated(goodbye, (ref SpanReader reader) => GoodbyeFrame.TryRead(ref reader, out _));
    }

    [Fact]
    public void LongestFrames_FitTheirBounds()
    {
        Written((ref SpanWriter writer) => new ProtocolFrame(WireLimits.MaxProtocols, new byte[64]).Write(ref writer)).Length.Should().Be(ProtocolFrame.MaxLength);
        Written((ref SpanWriter writer) => new BatchFrame(VarInt.MaxValue, 1024, 0, new byte[64]).Write(ref writer)).Length.Should().Be(BatchFrame.MaxLength);
        Written((ref SpanWriter writer) => new AcknowledgeFrame(VarInt.MaxValue, 1L << 61).Write(ref writer)).Length.Should().Be(AcknowledgeFrame.MaxLength);
        Written((ref SpanWriter writer) => new RefuseFrame(VarInt.MaxValue, int.MaxValue).Write(ref writer)).Length.Should().BeLessThanOrEqualTo(RefuseFrame.MaxLength);
        Written((ref SpanWriter writer) => new GoodbyeFrame((GoodbyeCode)int.MaxValue, new string('x', 999)).Write(ref writer)).Length.Should().BeLessThanOrEqualTo(GoodbyeFrame.MaxLength);
        (AcknowledgeFrame.MaxLength + GoodbyeFrame.MaxLength).Should().BeLessThan(WireLimits.MinRecordLength);
    }

    /// <summary>Whatever room is left, a fragment fits it, and no room goes to waste while there is payload.</summary>
    [Fact]
    public void Fragment_FitsTheRoomThatItWasMeasuredFor() =>
        Gen.Select(Gen.Int[0, 70_000], Gen.ULong[1, 1UL << 40], Gen.Int[0, WireLimits.MaxMessageLength], Gen.Double[0, 1]).Sample((room, number, total, part) =>
        {
            var offset = (int)(total * part);
            var length = MessageFrame.DataLength(room, number, 1, total, offset);
            if (length < 0)
                return room < 200;
            var bytes = Written((ref SpanWriter writer) => new MessageFrame(number, 1, 0, total, offset, new byte[length]).Write(ref writer));
            return bytes.Length <= room && (length == total - offset || bytes.Length >= room - 3);
        });

    private delegate void WriteFrame(ref SpanWriter writer);

    private delegate bool ReadFrame(ref SpanReader reader);

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
