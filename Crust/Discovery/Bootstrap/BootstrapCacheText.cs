using System.Globalization;
using System.Text;
using Crust.Cryptography;
using Crust.Identity;

namespace Crust.Discovery.Bootstrap;

/// <summary>
/// The text form of a <see cref="BootstrapCache"/>: <c>crust bootstrap cache 1 NETWORK</c>, a line for each node, <c>gateway|peer TOLD REACHED SUCCESSES FAILURES ADDRESS…</c> with times in Unix
/// seconds and <c>-</c> for never, and <c>checksum HASH</c>, the BLAKE3 hash of all before. Strict: half a file is none. Pure.
/// </summary>
internal static class BootstrapCacheText
{
    /// <summary>Longest file, in bytes. Ours: 200 nodes with 8 addresses need 180 KiB.</summary>
    internal const int MaxLength = 512 * 1024;

    private const string Magic = "crust bootstrap cache 1 ";
    private const string ChecksumWord = "checksum ";
    private const string Never = "-";

    internal static byte[] Format(IEnumerable<CachedNode> nodes, NetworkId network)
    {
        var text = new StringBuilder();
        text.Append(Magic).Append(network).Append('\n');
        foreach (var node in nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(node.Kind == CachedNodeKind.Gateway ? "gateway" : "peer")} {node.Told.ToUnixTimeSeconds()} ");
            text.Append(CultureInfo.InvariantCulture, $"{node.Reached?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? Never} {node.Successes} {node.Failures}");
            foreach (var address in node.Addresses)
                text.Append(' ').Append(address);
            text.Append('\n');
        }

        var body = Encoding.ASCII.GetBytes(text.ToString());
        return [.. body, .. Encoding.ASCII.GetBytes($"{ChecksumWord}{Convert.ToHexStringLower(Blake3.Hash(body))}\n")];
    }

    /// <summary>Reads a file; false for anything but a whole one of this network.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> file, NetworkId network, out IReadOnlyList<CachedNode> nodes)
    {
        nodes = [];
        var tail = ChecksumWord.Length + Blake3.HashLength * 2 + 1;
        if (file.Length > MaxLength || file.Length < tail)
            return false;
        var body = file[..^tail];
        var end = Encoding.ASCII.GetString(file[^tail..]);
        if (end != $"{ChecksumWord}{Convert.ToHexStringLower(Blake3.Hash(body))}\n")
            return false;
        var lines = Encoding.ASCII.GetString(body).Split('\n');
        if (lines.Length < 2 || lines[0] != $"{Magic}{network}" || lines[^1].Length > 0 || lines.Length - 2 > BootstrapCache.MaxNodes)
            return false;
        var parsed = new List<CachedNode>();
        foreach (var line in lines[1..^1])
        {
            if (!TryParse(line, out var node))
                return false;
            parsed.Add(node);
        }

        nodes = parsed;
        return true;
    }

    private static bool TryParse(string line, out CachedNode node)
    {
        node = null!;
        var words = line.Split(' ');
        if (words.Length is < 6 or > 5 + BootstrapCache.MaxAddresses || words[0] is not ("gateway" or "peer")
            || !TryTime(words[1], out var told) || told is null || !TryTime(words[2], out var reached)
            || !int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var successes)
            || !int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var failures))
            return false;
        var addresses = new List<PeerAddress>();
        foreach (var word in words[5..])
        {
            if (!PeerAddress.TryParse(word, out var address) || (addresses.Count > 0 && address.Peer != addresses[0].Peer))
                return false;
            addresses.Add(address);
        }

        node = new CachedNode(
            addresses[0].Peer, words[0] == "gateway" ? CachedNodeKind.Gateway : CachedNodeKind.Peer, addresses, told.Value, reached, successes, Math.Min(failures, BootstrapCache.MaxFailures));
        return true;
    }

    private static bool TryTime(string word, out DateTimeOffset? time)
    {
        time = null;
        if (word == Never)
            return true;
        if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return false;
        time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }
}
