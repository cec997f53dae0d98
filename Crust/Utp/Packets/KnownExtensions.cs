namespace Crust.Utp.Packets;

/// <summary>
/// What stands in front of an extension of ours: extension bits, twice. libutp drops a packet whose first extension is of a kind above 2, and Wireshark
/// (4.0) takes one whose first or second is of a kind that it does not know for no µTP at all.
/// </summary>
internal static class KnownExtensions
{
    internal const int Length = 2 * PeerMark.ExtensionLength;

    /// <summary>Writes them, and returns their length.</summary>
    internal static int Write(Span<byte> buffer, byte nextExtension, bool marks)
    {
        var offset = PeerMark.Write(buffer, ExtensionKind.Bits, marks);
        return offset + PeerMark.Write(buffer[offset..], nextExtension, marks);
    }
}
