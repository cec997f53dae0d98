namespace Crust.Utp.Packets;

/// <summary>
/// Filler between header and payload: <see cref="KnownExtensions"/> and as many <see cref="ExtensionKind.Padding"/> as it takes.
/// A packet that asks for the path MTU is stretched with it, so that its payload still fits where the longer packet does not.
/// </summary>
internal static class PaddingExtension
{
    /// <summary>The shortest filler: the bits, and one padding without content.</summary>
    internal const int MinLength = KnownExtensions.Length + 2;

    private const int MaxContent = byte.MaxValue;

    /// <summary>Fills the buffer, which has at least <see cref="MinLength"/> bytes, with a chain that begins with kind <see cref="ExtensionKind.Bits"/>.</summary>
    internal static void Write(Span<byte> buffer, bool marks)
    {
        buffer.Clear();
        var offset = KnownExtensions.Write(buffer, ExtensionKind.Padding, marks);
        while (offset < buffer.Length)
        {
            var left = buffer.Length - offset - 2;
            // What is left behind this one is nothing, or enough for one more.
            var content = left <= MaxContent ? left : Math.Min(MaxContent, left - 2);
            var isLast = content == left;
            buffer[offset] = isLast ? ExtensionKind.None : ExtensionKind.Padding;
            buffer[offset + 1] = (byte)content;
            offset += 2 + content;
        }
    }
}
