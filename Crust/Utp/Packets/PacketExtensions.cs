namespace Crust.Utp.Packets;

/// <summary>
/// The extensions between header and payload (BEP 29, <i>extension</i>): each one is the kind of the next (8 bits), a length (8 bits), and as many bytes.
/// </summary>
internal readonly ref struct PacketExtensions
{
    private PacketExtensions(ReadOnlySpan<byte> selectiveAck, bool isMarked, int payloadOffset)
    {
        SelectiveAck = selectiveAck;
        IsMarked = isMarked;
        PayloadOffset = payloadOffset;
    }

    /// <summary>The bits of the first selective ack; empty without one. Its length is a positive multiple of 4.</summary>
    internal ReadOnlySpan<byte> SelectiveAck { get; }

    /// <summary>The sender is a Crust peer.</summary>
    internal bool IsMarked { get; }

    /// <summary>Where the payload begins.</summary>
    internal int PayloadOffset { get; }

    /// <summary>Walks the chain that begins behind the header with this kind; false when it leaves the datagram or has a selective ack of an impossible length.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> datagram, byte kind, out PacketExtensions extensions)
    {
        ReadOnlySpan<byte> selectiveAck = [];
        var isMarked = false;
        var offset = PacketHeader.Length;
        while (kind != ExtensionKind.None)
        {
            if (datagram.Length - offset < 2 || datagram.Length - offset - 2 < datagram[offset + 1])
            {
                extensions = default;
                return false;
            }

            var content = datagram.Slice(offset + 2, datagram[offset + 1]);
            switch (kind)
            {
                case ExtensionKind.SelectiveAck when content.Length == 0 || content.Length % 4 != 0:
                    extensions = default;
                    return false;
                case ExtensionKind.SelectiveAck when selectiveAck.IsEmpty:
                    selectiveAck = content;
                    break;
                case ExtensionKind.Bits:
                    isMarked |= PeerMark.Matches(content);
                    break;
            }

            kind = datagram[offset];
            offset += 2 + content.Length;
        }

        extensions = new PacketExtensions(selectiveAck, isMarked, offset);
        return true;
    }

    /// <summary>A packet without any.</summary>
    internal static PacketExtensions Nothing => new([], false, PacketHeader.Length);
}
