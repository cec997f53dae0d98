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
        var prefix = (ulong)(length switch { 1 => 0, 2 => 1, 4 => 2, _ => 3 }) << (length * 8 - 2);
        var encoded = value | prefix;
        for (var i = length - 1; i >= 0; i--)
        {
            destination[i] = unchecked((byte)encoded);
            encoded >>= 8;
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
        ulong result = (uint)(source[0] & 0x3F);
        for (var i = 1; i < needed; i++)
            result = (result << 8) | source[i];
        if (Length(result) != needed)
            return false;
        value = result;
        length = needed;
        return true;
    }
}
