namespace Crust.Utp.Packets;

/// <summary>
/// The extensions between header and payload (BEP 29, <i>extension</i>): each one is the kind of the next (8 bits), a length (8 bits), and as many bytes.
/// </summary>
internal readonly ref struct PacketExtensions
{
    private PacketExtensions(SelectiveAck selectiveAck, bool isMarked, PacketPart part, int payloadOffset)
    {
        Part = part;
        SelectiveAck = selectiveAck;
        IsMarked = isMarked;
        PayloadOffset = payloadOffset;
    }

    /// <summary>Has no parts when there is none.</summary>
    internal SelectiveAck SelectiveAck { get; }

    /// <summary>The sender is a Crust peer.</summary>
    internal bool IsMarked { get; }

    /// <summary>Which part of the packet's payload this is; its whole length is 0 when it is all.</summary>
    internal PacketPart Part { get; }

    /// <summary>Where the payload begins.</summary>
    internal int PayloadOffset { get; }

    /// <summary>Walks the chain that begins behind the header with this kind; false when it leaves the datagram or one says it is a part of nothing.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> datagram, byte kind, out PacketExtensions extensions)
    {
        var selectiveAck = default(SelectiveAck);
        var isMarked = false;
        var part = default(PacketPart);
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
                case ExtensionKind.SelectiveAck:
                    selectiveAck.Add(content);
                    break;
                case ExtensionKind.Part when !PacketPart.TryRead(content, out part):
                    extensions = default;
                    return false;
                case ExtensionKind.Bits:
                    isMarked |= PeerMark.Matches(content);
                    break;
            }

            kind = datagram[offset];
            offset += 2 + content.Length;
        }

        extensions = new PacketExtensions(selectiveAck, isMarked, part, offset);
        return true;
    }

    /// <summary>A packet without any.</summary>
    internal static PacketExtensions Nothing => new(default, false, default, PacketHeader.Length);
}
