using System.Globalization;
using System.Text;

namespace Crust.Gateway.Commands;

/// <summary>
/// A payload as a person may look at it on a terminal: its beginning as quoted text, or in hexadecimal when it is not UTF-8. What a terminal would obey or
/// hide, or what would turn the reading direction, is written as <c>\u{…}</c>, so that no payload can write anything but its own line.
/// </summary>
internal static class PayloadPreview
{
    private const int MaxRunes = 200, MaxHexBytes = 32;

    internal static string Of(ReadOnlySpan<byte> payload) => payload.IsEmpty ? "(nothing)" : Text(payload) ?? Hex(payload);

    /// <summary>Null when it is not UTF-8, as far as one looks.</summary>
    private static string? Text(ReadOnlySpan<byte> payload)
    {
        var text = new StringBuilder("\"");
        for (var runes = 0; !payload.IsEmpty; runes++)
        {
            if (runes == MaxRunes)
                return text.Append("\" …").ToString();
            if (Rune.DecodeFromUtf8(payload, out var rune, out var length) != System.Buffers.OperationStatus.Done)
                return null;
            payload = payload[length..];
            if (rune.Value is '"' or '\\')
                text.Append('\\').Append(rune);
            else if (IsHarmless(rune))
                text.Append(rune);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
        }

        return text.Append('"').ToString();
    }

    private static string Hex(ReadOnlySpan<byte> payload) => payload.Length <= MaxHexBytes
        ? Convert.ToHexStringLower(payload)
        : Convert.ToHexStringLower(payload[..MaxHexBytes]) + " …";

    private static bool IsHarmless(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
