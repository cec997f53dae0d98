using System.Buffers.Binary;

namespace Crust.Wire;

/// <summary>
/// Variable-length integers of RFC 9000 §16: the two top bits of the first byte give the length (1, 2, 4 or 8 bytes), the rest is the
/// value, big endian. Range 0 to 2^62 − 1. Longer than needed is refused: an encoding is canonical, since bytes are signed.
/// </summary>
internal static class VarInt
{
    internal const ulong MaxValue = (1UL << 62) - 1;

    /// <summary>The number of bytes that <see cref="Write"/> takes for the value.</summary>
    internal static int Length(ulong value) => value switch
    {
        < 1UL << 6 => 1,
        < 1UL << 14 => 2,
        < 1UL << 30 => 4,
        <= MaxValue => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    /// <summary>Writes the value and returns the bytes used; the destination must have room for <see cref="Length"/>.</summary>
    internal static int Write(Span<byte> destination, ulong value)
    {
        var length = Length(value);
        switch (length)
        {
            case 1:
                destination[0] = (byte)value;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(value | 1u << 14));
                break;
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)value | 2u << 30);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(destination, value | 3UL << 62);
                break;
        }

        return length;
    }

    /// <summary>Reads a value; false when the source is too short or the encoding is longer than needed.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int length)
    {
        value = 0;
        length = 0;
        if (source.IsEmpty)
            return false;
        var needed = 1 << (source[0] >> 6);
        if (source.Length < needed)
            return false;
        var read = needed switch
        {
            1 => source[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(source) & ((1u << 14) - 1),
            4 => BinaryPrimitives.ReadUInt32BigEndian(source) & ((1u << 30) - 1),
            _ => BinaryPrimitives.ReadUInt64BigEndian(source) & MaxValue,
        };
        if (Length(read) != needed)
            return false;
        value = read;
        length = needed;
        return true;
    }
}
