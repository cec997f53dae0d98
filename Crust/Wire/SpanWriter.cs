using System.Buffers.Binary;

namespace Crust.Wire;

/// <summary>A cursor that fills a buffer its caller sized. Running out of room is a bug and throws. Integers are big endian.</summary>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>The bytes written so far.</summary>
    internal int Position { get; private set; }

    internal readonly int Remaining => _destination.Length - Position;

    internal readonly ReadOnlySpan<byte> Written => _destination[..Position];

    internal void WriteByte(byte value) => _destination[Position++] = value;

    internal void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_destination[Position..], value);
        Position += sizeof(ushort);
    }

    internal void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_destination[Position..], value);
        Position += sizeof(uint);
    }

    internal void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_destination[Position..], value);
        Position += sizeof(ulong);
    }

    internal void WriteVarInt(ulong value) => Position += VarInt.Write(_destination[Position..], value);

    internal void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Position..]);
        Position += bytes.Length;
    }

    /// <summary>Writes the length as a <see cref="VarInt"/>, then the bytes.</summary>
    internal void WriteVarBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarInt((ulong)bytes.Length);
        WriteBytes(bytes);
    }

    /// <summary>Hands out the next <paramref name="length"/> bytes to be filled by the caller.</summary>
    internal Span<byte> Reserve(int length)
    {
        var span = _destination.Slice(Position, length);
        Position += length;
        return span;
    }
}
