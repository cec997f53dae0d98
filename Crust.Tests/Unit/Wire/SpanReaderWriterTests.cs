using Crust.Wire;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Wire;

public sealed class SpanReaderWriterTests
{
    [Fact]
    public void WhatIsWritten_IsRead_AndEveryTruncationFails() =>
        Gen.Select(Gen.Byte, Gen.UShort, Gen.UInt, Gen.ULong, Gen.ULong[0, VarInt.MaxValue], Gen.Byte.Array[0, 100]).Sample((a, b, c, d, e, f) =>
        {
            var buffer = new byte[300];
            var writer = new SpanWriter(buffer);
            writer.WriteByte(a);
            writer.WriteUInt16(b);
            writer.WriteUInt32(c);
            writer.WriteUInt64(d);
            writer.WriteVarInt(e);
            writer.WriteVarBytes(f);
            writer.WriteBytes(f);
            var length = writer.Position;
            if (writer.Remaining != buffer.Length - length || !writer.Written.SequenceEqual(buffer.AsSpan(0, length)))
                return false;
            for (var cut = 0; cut < length; cut++)
            {
                if (TryReadAll(buffer.AsSpan(0, cut), a, b, c, d, e, f))
                    return false;
            }

            return TryReadAll(buffer.AsSpan(0, length), a, b, c, d, e, f);
        }, iter: 200);

    [Fact]
    public void Integers_AreBigEndian()
    {
        var bytes = new byte[14];
        var writer = new SpanWriter(bytes);
        writer.WriteUInt16(0x0102);
        writer.WriteUInt32(0x03040506);
        writer.WriteUInt64(0x0708090A0B0C0D0E);
        bytes.Should().Equal(Enumerable.Range(1, 14).Select(i => (byte)i));
    }

    [Fact]
    public void AFailedRead_LeavesTheCursor()
    {
        var reader = new SpanReader([0x40]);
        reader.TryReadUInt16(out _).Should().BeFalse();
        reader.TryReadUInt32(out _).Should().BeFalse();
        reader.TryReadUInt64(out _).Should().BeFalse();
        reader.TryReadVarInt(out _).Should().BeFalse();
        reader.TryReadBytes(2, out _).Should().BeFalse();
        reader.TryReadBytes(-1, out _).Should().BeFalse();
        reader.Rest.Length.Should().Be(1);
        reader.TryReadByte(out var value).Should().BeTrue();
        value.Should().Be(0x40);
        reader.IsAtEnd.Should().BeTrue();
        reader.TryReadByte(out _).Should().BeFalse();
    }

    [Fact]
    public void VarBytes_BeyondTheLimit_AreRefused_HoweverLongTheyClaimToBe()
    {
        var reader = new SpanReader([3, 1, 2, 3]);
        reader.TryReadVarBytes(2, out _).Should().BeFalse();
        reader.Rest.Length.Should().Be(4);
        reader.TryReadVarBytes(3, out var bytes).Should().BeTrue();
        bytes.ToArray().Should().Equal(1, 2, 3);
        var hostile = new SpanReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        hostile.TryReadVarBytes(int.MaxValue, out _).Should().BeFalse();
    }

    [Fact]
    public void RunningOutOfRoom_IsABug() => FluentActions.Invoking(() =>
    {
        var writer = new SpanWriter(new byte[3]);
        writer.WriteUInt32(1);
    }).Should().Throw<ArgumentOutOfRangeException>();

    private static bool TryReadAll(ReadOnlySpan<byte> source, byte a, ushort b, uint c, ulong d, ulong e, byte[] f)
    {
        var reader = new SpanReader(source);
        return reader.TryReadByte(out var ra) && ra == a && reader.TryReadUInt16(out var rb) && rb == b && reader.TryReadUInt32(out var rc) && rc == c
            && reader.TryReadUInt64(out var rd) && rd == d && reader.TryReadVarInt(out var re) && re == e
            && reader.TryReadVarBytes(100, out var rf) && rf.SequenceEqual(f) && reader.TryReadBytes(f.Length, out var rg) && rg.SequenceEqual(f) && reader.IsAtEnd;
    }
}
