using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Discovery.Bootstrap.Driver;

/// <summary>
/// The file of a bootstrap cache: written whole or not at all, set aside when it is damaged, and never a reason not to start. What goes wrong is one line in the log; writing says so once until
/// it works again. One thread at a time; several processes may share the file.
/// </summary>
internal sealed class BootstrapCacheFile(string path, NetworkId network, ILogger logger)
{
    private const string AsideEnd = ".damaged";

    private readonly string _path = Path.GetFullPath(path);
    private bool _cannotWrite;

    /// <summary>What the file holds; nothing when there is none, or it cannot be used.</summary>
    internal IReadOnlyList<CachedNode> Read()
    {
        try
        {
            byte[] bytes;
            using (var stream = new FileStream(_path, new FileStreamOptions { BufferSize = 0, Share = FileShare.ReadWrite | FileShare.Delete }))
            {
                bytes = new byte[Math.Min(stream.Length, BootstrapCacheText.MaxLength + 1)];
                stream.ReadExactly(bytes);
            }

            if (BootstrapCacheText.TryParse(bytes, network, out var nodes))
                return nodes;
            // Kept for whoever wants to look; a second one replaces it, so that nothing grows.
            File.Move(_path, _path + AsideEnd, overwrite: true);
            Log.CacheSetAside(logger, _path, _path + AsideEnd);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The first start.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CacheNotRead(logger, _path, e.Message);
        }

        return [];
    }

    /// <summary>Puts the nodes in place of what the file holds.</summary>
    internal void Write(IEnumerable<CachedNode> nodes)
    {
        try
        {
            WholeFile.Write(_path, BootstrapCacheText.Format(nodes, network), overwrite: true);
            _cannotWrite = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_cannotWrite)
                Log.CacheNotWritten(logger, _path, e.Message);
            _cannotWrite = true;
        }
    }
}
