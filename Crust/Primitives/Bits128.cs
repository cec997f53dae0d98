using System.Buffers.Binary;

namespace Crust.Primitives;

/// <summary>
/// Sixteen bytes as a value, the first one highest. Not <see cref="UInt128"/>, whose place in a structure is the platform's own: ahead-of-time compilation leaves out every method that touches a type
/// with one in it, and that would be most of a session.
/// </summary>
/// <param name="High">The first eight bytes.</param>
/// <param name="Low">The last eight.</param>
internal readonly record struct Bits128(ulong High, ulong Low)
{
    internal const int Length = 16;

    /// <summary>Takes the first <see cref="Length"/> bytes.</summary>
    internal static Bits128 Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[sizeof(ulong)..]));

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[sizeof(ulong)..], Low);
    }

    /// <summary>The first bits, 0 to 128 of them; the others are zero.</summary>
    internal Bits128 Prefix(int length) => new(High & Mask(length), Low & Mask(length - 64));

    public static Bits128 operator ^(Bits128 left, Bits128 right) => new(left.High ^ right.High, left.Low ^ right.Low);

    public static implicit operator Bits128(UInt128 value) => unchecked(new((ulong)(value >> 64), (ulong)value));

    public static implicit operator UInt128(Bits128 value) => new(value.High, value.Low);

    private static ulong Mask(int length) => length <= 0 ? 0 : length >= 64 ? ulong.MaxValue : ulong.MaxValue << (64 - length);
}
