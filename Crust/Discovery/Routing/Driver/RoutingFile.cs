using System.Diagnostics.CodeAnalysis;
using Crust.Identity;
using Crust.Primitives.Driver;

namespace Crust.Discovery.Routing.Driver;

/// <summary>Keeps a table on disk: written whole or not at all; a file that is damaged is set aside, with <c>.corrupt</c> at its name's end, and never fatal.</summary>
internal sealed class RoutingFile(string path, NetworkId network, TimeProvider timeProvider)
{
    private const string CorruptEnd = ".corrupt";

    /// <summary>The records that count; none when there is no file, or no good one.</summary>
    internal IReadOnlyList<KnownPeer> Load()
    {
        if (TryReadFile(out var bytes) && RoutingTableCodec.TryRead(bytes, network, timeProvider.GetUtcNow(), out var peers))
            return peers;
        if (bytes is not null)
            Try(() => File.Move(path, path + CorruptEnd, overwrite: true));
        return [];
    }

    /// <summary>Writes the file anew; false when the disk refuses.</summary>
    internal bool Save(IEnumerable<KnownPeer> peers)
    {
        var bytes = RoutingTableCodec.Write(network, peers);
        return Try(() => WholeFile.Write(path, bytes, overwrite: true));
    }

    private bool TryReadFile([NotNullWhen(true)] out byte[]? bytes)
    {
        byte[]? read = null;
        Try(() =>
        {
            if (File.Exists(path))
                read = new FileInfo(path).Length <= RoutingTableCodec.MaxLength ? File.ReadAllBytes(path) : [];
        });
        bytes = read;
        return bytes is not null;
    }

    private static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
