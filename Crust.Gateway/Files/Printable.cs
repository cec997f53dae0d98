using System.Globalization;

namespace Crust.Gateway.Files;

/// <summary>Makes text of strangers fit for a line on a terminal.</summary>
internal static class Printable
{
    /// <summary>The text with each control character, line separator and direction mark as <c>?</c>.</summary>
    internal static string Of(string text) =>
        text.Any(IsUnfit) ? string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = IsUnfit(source[i]) ? '?' : source[i];
        }) : text;

    /// <summary>Direction marks could make a name read as another; they are format characters.</summary>
    private static bool IsUnfit(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
