using System.Text;

namespace Crust.Gateway.Files;

/// <summary>
/// Which names a file or folder may have. A manifest holds names only, never paths, so that a name which is none of those refused here cannot lead
/// out of the folder it is put into.
/// </summary>
internal static class EntryName
{
    /// <summary>The folder inside the receiving one that holds what is not complete.</summary>
    internal const string PartialFolder = ".crust-partial";

    private static readonly string[] ReservedOnWindows =
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(n => new[] { $"COM{n}", $"LPT{n}" })];

    /// <summary>Why a name is refused, or null when it may be used.</summary>
    /// <param name="name">The name.</param>
    /// <param name="forWindows">Also refuse what Windows would read as something else than a file's name.</param>
    internal static string? Objection(string name, bool forWindows)
    {
        if (name.Length == 0)
            return "a name is empty";
        var shown = $"the name '{Printable.Of(name)}'";
        if (Encoding.UTF8.GetByteCount(name) > FileProtocol.MaxNameLength)
            return $"{shown} is longer than {FileProtocol.MaxNameLength} bytes";
        if (name is "." or "..")
            return $"{shown} leads to another folder";
        if (name.Contains('/', StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal))
            return $"{shown} contains a path separator";
        if (name.Contains('\0', StringComparison.Ordinal))
            return $"{shown} contains a NUL";
        if (name.Length >= 2 && char.IsAsciiLetter(name[0]) && name[1] == ':')
            return $"{shown} begins with a drive letter";
        if (name.Equals(PartialFolder, StringComparison.OrdinalIgnoreCase))
            return $"{shown} is the receiver's own";
        return forWindows ? WindowsObjection(name, shown) : null;
    }

    private static string? WindowsObjection(string name, string shown)
    {
        if (name.Any(c => c < ' ' || c is '<' or '>' or ':' or '"' or '|' or '?' or '*'))
            return $"{shown} contains a character that Windows does not allow";
        if (name[^1] is '.' or ' ')
            return $"{shown} ends with a dot or a space, which Windows drops";
        var stem = name.Split('.')[0].TrimEnd(' ');
        return ReservedOnWindows.Contains(stem, StringComparer.OrdinalIgnoreCase) ? $"{shown} is a device of Windows" : null;
    }
}
