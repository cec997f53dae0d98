using System.Globalization;
using System.Text;
using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// The last frame of a session: <c>0x08 ‖ code varint ‖ reason varbytes</c>, the reason at most 256 bytes of UTF-8 for people to read.
/// </summary>
/// <param name="Code">Why.</param>
/// <param name="Reason">Words; harmless to print once read.</param>
internal readonly record struct GoodbyeFrame(GoodbyeCode Code, string Reason)
{
    internal const int MaxLength = 1 + 8 + 2 + WireLimits.MaxReasonLength;

    /// <summary>Writes the frame; a longer reason is cut at a character.</summary>
    internal void Write(ref SpanWriter writer)
    {
        var reason = new byte[WireLimits.MaxReasonLength];
        // Flush is false on purpose: the encoder stops before a character that does not fit.
        Encoding.UTF8.GetEncoder().Convert(Reason, reason, flush: false, out _, out var length, out _);
        writer.WriteByte((byte)FrameType.Goodbye);
        writer.WriteVarInt((ulong)Code);
        writer.WriteVarBytes(reason.AsSpan(0, length));
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out GoodbyeFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var code) || code > int.MaxValue || !reader.TryReadVarBytes(WireLimits.MaxReasonLength, out var reason))
            return false;
        frame = new GoodbyeFrame((GoodbyeCode)code, Sanitize(reason));
        return true;
    }

    /// <summary>A remote's words without anything that steers a terminal, hides or reorders text: each such character becomes <c>?</c>.</summary>
    internal static string Sanitize(ReadOnlySpan<byte> utf8)
    {
        var clean = new StringBuilder(utf8.Length);
        foreach (var rune in Encoding.UTF8.GetString(utf8).EnumerateRunes())
        {
            var harmless = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            clean.Append(harmless ? rune.ToString() : "?");
        }

        return clean.ToString();
    }
}
