using Crust.Wire;

namespace Crust.Identity.Evidence;

/// <summary>
/// How the binary forms of evidence begin, 8 bytes: <c>8C "crust" ‖ type u8 ‖ version u8 = 1</c>. The first byte is no text's; a JSON form begins with a
/// brace, after white space at most.
/// </summary>
internal static class EvidenceFormat
{
    /// <summary>The type of a <see cref="SignedMessage"/>.</summary>
    internal const byte Message = (byte)'m';

    /// <summary>The type of an <see cref="EquivocationProof"/>.</summary>
    internal const byte Equivocation = (byte)'e';

    internal const byte Version = 1;
    internal const int HeadLength = 8;

    internal const string TooLong = "It is too long to be evidence of this kind.";
    internal const string CutOff = "It is cut off.";

    private static ReadOnlySpan<byte> Magic => [0x8C, (byte)'c', (byte)'r', (byte)'u', (byte)'s', (byte)'t'];

    /// <summary>True when this can only be JSON.</summary>
    internal static bool IsJson(ReadOnlySpan<byte> encoded)
    {
        var text = encoded.TrimStart(" \t\r\n"u8);
        return !text.IsEmpty && text[0] == '{';
    }

    internal static void WriteHead(ref SpanWriter writer, byte type)
    {
        writer.WriteBytes(Magic);
        writer.WriteByte(type);
        writer.WriteByte(Version);
    }

    /// <summary>Reads the beginning of a binary form; says what is wrong with it, or null.</summary>
    internal static string? ReadHead(ref SpanReader reader, byte type, string name)
    {
        if (!reader.TryReadBytes(Magic.Length, out var magic) || !magic.SequenceEqual(Magic) || !reader.TryReadByte(out var actual) || !reader.TryReadByte(out var version))
            return $"It does not begin as {name} does, be it binary or JSON.";
        return actual != type ? $"It is evidence, but not {name}."
            : version != Version ? $"It has version {version}, and this program knows version {Version} alone."
            : null;
    }

    /// <summary>The type of a binary form by its beginning; 0 for anything else.</summary>
    internal static byte TypeOf(ReadOnlySpan<byte> encoded) => encoded.Length >= HeadLength && encoded.StartsWith(Magic) ? encoded[Magic.Length] : (byte)0;
}
