using System.Buffers.Binary;

namespace Crust.Tests.Processes.Traffic;

/// <summary>The bytes of a stream that both ends know without telling each other: each place has its own.</summary>
internal static class TrafficContent
{
    /// <summary>Fills with what stands from this place on.</summary>
    internal static void Fill(Span<byte> bytes, long place)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        for (var i = 0; i < bytes.Length;)
        {
            var at = place + i;
            BinaryPrimitives.WriteUInt64LittleEndian(word, unchecked((ulong)(at / sizeof(ulong) + 1) * 0x9E3779B97F4A7C15));
            var rest = word[(int)(at % sizeof(ulong))..];
            rest = rest[..Math.Min(rest.Length, bytes.Length - i)];
            rest.CopyTo(bytes[i..]);
            i += rest.Length;
        }
    }

    /// <summary>Whether this is what stands there.</summary>
    internal static bool Is(ReadOnlySpan<byte> bytes, long place, Span<byte> scratch)
    {
        var expected = scratch[..bytes.Length];
        Fill(expected, place);
        return bytes.SequenceEqual(expected);
    }
}
