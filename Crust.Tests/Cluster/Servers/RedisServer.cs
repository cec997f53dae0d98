using Crust.Tests.Interop.Utp;

namespace Crust.Tests.Cluster.Servers;

/// <summary>A Redis server.</summary>
/// <param name="keepsAll">False: without append-only file, and with eviction, as a cache runs.</param>
internal sealed class RedisServer(bool keepsAll = true) : StorageServer
{
    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs("redis-server", "--version"));

    internal override string Connection => $"127.0.0.1:{Port}";

    /// <summary>Skips the test when it is not installed.</summary>
    internal static void Require() => Tool.Require(IsThere.Value, "redis-server is not installed");

    protected override (string Command, string[] Arguments) CommandLine() =>
    (
        "redis-server",
        ["--bind", "127.0.0.1", "--port", $"{Port}", "--dir", Folder, "--save", "", "--appendonly", keepsAll ? "yes" : "no", "--maxmemory-policy", keepsAll ? "noeviction" : "allkeys-lru"]
    );
}
