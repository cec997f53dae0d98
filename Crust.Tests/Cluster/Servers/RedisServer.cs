using Crust.Tests.Interop.Utp;

namespace Crust.Tests.Cluster.Servers;

/// <summary>A Redis server.</summary>
/// <param name="keepsAll">False: without append-only file, and with eviction, as a cache runs.</param>
internal sealed class RedisServer(bool keepsAll = true) : StorageServer
{
    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs("redis-server", "--version"));

    internal override bool IsInstalled => IsThere.Value;

    protected override string Name => "redis-server";

    internal override string ConnectionAt(int port) => $"127.0.0.1:{port}";

    internal override StorageServer Another() => new RedisServer(keepsAll);

    protected override (string Command, string[] Arguments) CommandLine() =>
    (
        "redis-server",
        ["--bind", "127.0.0.1", "--port", $"{Port}", "--dir", Folder, "--save", "", "--appendonly", keepsAll ? "yes" : "no", "--maxmemory-policy", keepsAll ? "noeviction" : "allkeys-lru"]
    );
}
