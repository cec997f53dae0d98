using System.Buffers.Binary;

namespace Crust.Utp.Packets;

/// <summary>
/// How Crust peers know one another: extension bits (kind 2) of this value, in the SYN, in the STATE that answers it, and in each packet of the initiator until
/// something of it is acknowledged. Both then use windows of 16,384 packets.
/// </summary>
internal static class PeerMark
{
    /// <summary>Bytes of the value.</summary>
    internal const int Length = 8;

    /// <summary>Bytes of the extension with its two in front.</summary>
    internal const int ExtensionLength = 2 + Length;

    /// <summary>"CrusT" and wire version 1 of what the mark promises.</summary>
    private const ulong Value = 0x43_72_75_73_54_00_00_01;

    internal static bool Matches(ReadOnlySpan<byte> bits) => bits.Length == Length && BinaryPrimitives.ReadUInt64BigEndian(bits) == Value;

    /// <summary>Writes the extension, and returns its length.</summary>
    internal static int Write(Span<byte> buffer, byte nextExtension, bool marks = true)
    {
        buffer[0] = nextExtension;
        buffer[1] = Length;
        BinaryPrimitives.WriteUInt64BigEndian(buffer[2..], marks ? Value : 0);
        return ExtensionLength;
    }
}
