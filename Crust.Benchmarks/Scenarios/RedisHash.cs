using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using StackExchange.Redis;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// The rival: a <c>redis-server</c> in a process of its own with plain hashes, over as many connections as there are gateways. The server verifies nothing,
/// so whoever writes verifies, as a gateway would have to. What it acknowledged is on the disk (<c>appendfsync always</c>), as ours is.
/// </summary>
internal sealed class RedisHash : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private static readonly RedisKey Peers = "peers", Gateways = "gateways", Bootstrap = "bootstrap";

    private readonly Process _server;
    private readonly string _folder;
    private readonly ConnectionMultiplexer[] _connections;
    private int _turn;

    private RedisHash(Process server, string folder, ConnectionMultiplexer[] connections) => (_server, _folder, _connections) = (server, folder, connections);

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Obstacle { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")))
            ? null : "redis-server is not installed: ./test.sh --install brings it";

    private IDatabaseAsync Database => _connections[(uint)Interlocked.Increment(ref _turn) % (uint)_connections.Length].GetDatabase();

    /// <summary>Resident bytes of the server's process.</summary>
    internal long ResidentBytes
    {
        get
        {
            _server.Refresh();
            return _server.WorkingSet64;
        }
    }

    internal static async Task<RedisHash> StartAsync(int connections)
    {
        var folder = Directory.CreateTempSubdirectory("crust-redis-").FullName;
        var port = FreePort().ToString(CultureInfo.InvariantCulture);
        var server = Process.Start(
            "redis-server",
            ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--logfile", "log", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"])
            ?? throw new InvalidOperationException("No process.");
        while (!server.HasExited && !await ListensAsync(port))
            await Task.Delay(Poll);
        return new RedisHash(server, folder, await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}"))));
    }

    /// <summary>A peer attaches: both statements are verified, then stored as one field.</summary>
    internal Task AttachAsync(ClusterPeer peer)
    {
        if (!PeerRecord.TryVerify(peer.SignedRecord, ClusterSilo.Network, out _) || !Attachment.TryVerify(peer.SignedAttachment, ClusterSilo.Network, out _))
            throw new InvalidOperationException("It does not verify.");
        return StoreAsync(peer);
    }

    /// <summary>Stores a peer that was verified already.</summary>
    internal Task StoreAsync(ClusterPeer peer) => Database.HashSetAsync(Peers, Field(peer.Id), (byte[])[.. peer.SignedAttachment, .. peer.SignedRecord]);

    /// <summary>Looks a peer up: one field.</summary>
    internal async Task FindAsync(PeerId peer)
    {
        if ((await Database.HashGetAsync(Peers, Field(peer))).IsNull)
            throw new InvalidOperationException("It is not there.");
    }

    /// <summary>Fills what <see cref="SampleAsync"/> takes from.</summary>
    internal Task StoreSampledAsync(ClusterPeer peer) => Database.HashSetAsync(Bootstrap, Field(peer.Id), peer.SignedRecord);

    /// <summary>Random peers with their records.</summary>
    internal async Task SampleAsync(int count)
    {
        if ((await Database.HashRandomFieldsWithValuesAsync(Bootstrap, count)).Length != count)
            throw new InvalidOperationException("Too few.");
    }

    /// <summary>A gateway says how it is.</summary>
    internal Task HeartbeatAsync(PeerId gateway, byte[] heartbeat) => Database.HashSetAsync(Gateways, Field(gateway), heartbeat);

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static RedisValue Field(PeerId peer)
    {
        var field = new byte[PeerId.ByteLength];
        peer.CopyTo(field);
        return field;
    }

    private static async Task<bool> ListensAsync(string port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
