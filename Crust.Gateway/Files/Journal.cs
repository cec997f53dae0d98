using System.Globalization;
using System.Text;
using Crust.Cryptography;

namespace Crust.Gateway.Files;

/// <summary>
/// The notes of a transfer that outlive its process: lines of text, each with a check at its end, only ever appended. <c>done INDEX HASH</c>: a file is
/// complete and has this BLAKE3 hash. <c>placing NAME</c>: everything is about to move to this name (in JSON's spelling). Reading stops at the first line that
/// is torn or damaged: what it would have said is found out anew. Whoever reads does not trust but hashes again.
/// </summary>
internal sealed class Journal
{
    /// <summary>Longest journal that is read: all entries done several times over.</summary>
    internal const int MaxLength = 64 << 20;

    private const int CheckDigits = 8;

    private readonly Dictionary<int, byte[]> _done = [];

    /// <summary>The files said to be complete, and their hashes.</summary>
    internal IReadOnlyDictionary<int, byte[]> Done => _done;

    /// <summary>Where everything was last about to be moved; null: not yet.</summary>
    internal string? Placing { get; private set; }

    /// <summary>Bytes of the lines that were whole: what follows is to be cut off before more is appended.</summary>
    internal int ValidLength { get; private set; }

    internal static string DoneLine(int index, ReadOnlySpan<byte> hash) => Line($"done {index.ToString(CultureInfo.InvariantCulture)} {Convert.ToHexStringLower(hash)}");

    internal static string PlacingLine(string name) => Line($"placing {System.Text.Json.JsonSerializer.Serialize(name)}");

    /// <summary>Reads a journal; whatever it holds is no error.</summary>
    internal static Journal Parse(ReadOnlySpan<byte> bytes)
    {
        var journal = new Journal();
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end && journal.TryTake(bytes[..end]))
        {
            journal.ValidLength += end + 1;
            bytes = bytes[(end + 1)..];
        }

        return journal;
    }

    private static string Line(string words) => $"{words} {Check(Encoding.UTF8.GetBytes(words))}\n";

    private static string Check(ReadOnlySpan<byte> words) => Convert.ToHexStringLower(Blake3.Hash(words).AsSpan(0, CheckDigits / 2));

    private bool TryTake(ReadOnlySpan<byte> line)
    {
        var words = line.Length > CheckDigits + 1 ? line[..^(CheckDigits + 1)] : default;
        if (words.IsEmpty || !Encoding.UTF8.GetString(line[words.Length..]).Equals($" {Check(words)}", StringComparison.Ordinal))
            return false;
        var text = Encoding.UTF8.GetString(words);
        try
        {
            switch (text.Split(' ', 3))
            {
                case ["done", var index, { Length: 2 * Blake3.HashLength } hash]:
                    _done[int.Parse(index, NumberStyles.None, CultureInfo.InvariantCulture)] = Convert.FromHexString(hash);
                    return true;
                case ["placing", ..]:
                    Placing = System.Text.Json.JsonSerializer.Deserialize<string>(text["placing ".Length..]);
                    return Placing is not null;
                default:
                    return false;
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
