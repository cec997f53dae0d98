using System.Globalization;
using System.Text;

namespace Crust.Gateway.Files;

/// <summary>Names for what must not take the place of something else.</summary>
internal static class FreeName
{
    /// <summary>
    /// The n-th name to try: the name itself, then with <c> (2)</c>, <c> (3)</c> and so on before a file's extension. Where that gets longer than a name
    /// may be, the stem is shortened.
    /// </summary>
    internal static string Candidate(string name, bool isFolder, int n)
    {
        if (n <= 1)
            return name;
        var extension = isFolder || name.LastIndexOf('.') <= 0 ? "" : name[name.LastIndexOf('.')..];
        var stem = name[..^extension.Length];
        var suffix = $" ({n.ToString(CultureInfo.InvariantCulture)})";
        while (Encoding.UTF8.GetByteCount(stem + suffix + extension) > FileProtocol.MaxNameLength)
        {
            if (stem.Length > 1)
                stem = stem[..^(char.IsLowSurrogate(stem[^1]) ? 2 : 1)];
            else
                extension = extension[..^(char.IsLowSurrogate(extension[^1]) ? 2 : 1)];
        }

        return stem + suffix + extension;
    }
}
