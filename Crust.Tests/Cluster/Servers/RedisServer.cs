using System.Net;
using System.Net.Sockets;
using Crust.Tests.Interop.Utp;
using Crust.Tests.NatLab;

namespace Crust.Tests.Cluster.Servers;

/// <summary>A Redis server.</summary>
/// <param name="keepsAll">False: without append-only file, and with eviction, as a cache runs.</param>
/// <param name="host">The namespace it runs in; null for this one.</param>
/// <param name="address">The address there, beside loopback; null for loopback alone.</param>
internal sealed class RedisServer(bool keepsAll = true, NetworkNamespace? host = null, IPAddress? address = null) : StorageServer
{
    private static readonly Lazy<bool> IsThere = new(() => Tool.Runs("redis-server", "--version"));

    internal override bool IsInstalled => IsThere.Value;

    protected override string Name => "redis-server";

    internal override string ConnectionAt(int port) => $"{address ?? IPAddress.Loopback}:{port}";

    internal override StorageServer Another() => new RedisServer(keepsAll, host, address);

    protected override bool IsOpen() => host is null ? Answers() : host.Inside(Answers);

    protected override (string Command, string[] Arguments) CommandLine()
    {
        string[] there = host is null ? [] : LabCluster.On(host), outside = address is null ? [] : [$"{address}"];
        string[] all =
        [
            .. there, "redis-server", "--bind", "127.0.0.1", .. outside, "--protected-mode", address is null ? "yes" : "no", "--port", $"{Port}", "--dir", Folder, "--save", "",
            "--appendonly", keepsAll ? "yes" : "no", "--maxmemory-policy", keepsAll ? "noeviction" : "allkeys-lru",
        ];
        return (all[0], all[1..]);
    }

    /// <summary>Whether it serves: it listens before it has read its data, and refuses everything meanwhile.</summary>
    private bool Answers()
    {
        try
        {
            using var client = new TcpClient { ReceiveTimeout = 1_000 };
            client.Connect(IPAddress.Loopback, Port);
            using var reader = new StreamReader(client.GetStream());
            client.GetStream().Write("PING\r\n"u8);
            return reader.ReadLine() == "+PONG";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
