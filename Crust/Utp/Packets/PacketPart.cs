using System.Buffers.Binary;

namespace Crust.Utp.Packets;

/// <summary>
/// Which part of a packet's payload a datagram carries (extension 0x51 behind <see cref="KnownExtensions"/>, four bytes: offset and whole length, 16 bits each). A packet keeps its payload for ever, for
/// its number is all that tells where it belongs; when the path has become too narrow for it, it comes again in parts. Among Crust peers only.
/// </summary>
/// <param name="Offset">Where the part begins in the payload.</param>
/// <param name="WholeLength">Bytes of the payload; 0 when the datagram carries all of it.</param>
internal readonly record struct PacketPart(int Offset, int WholeLength)
{
    /// <summary>Bytes of the chain.</summary>
    internal const int ExtensionLength = KnownExtensions.Length + 2 + ContentLength;

    private const int ContentLength = 2 * sizeof(ushort);

    internal static bool TryRead(ReadOnlySpan<byte> content, out PacketPart part)
    {
        part = default;
        if (content.Length != ContentLength)
            return false;
        part = new PacketPart(BinaryPrimitives.ReadUInt16BigEndian(content), BinaryPrimitives.ReadUInt16BigEndian(content[sizeof(ushort)..]));
        return part.Offset < part.WholeLength;
    }

    /// <summary>Writes the chain, which begins with kind <see cref="ExtensionKind.Bits"/>; with <see cref="PeerMark"/>'s bits where the packet has them.</summary>
    internal void Write(Span<byte> buffer, bool marks)
    {
        buffer = buffer[KnownExtensions.Write(buffer, ExtensionKind.Part, marks)..];
        buffer[0] = ExtensionKind.None;
        buffer[1] = ContentLength;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)Offset);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[4..], (ushort)WholeLength);
    }
}
