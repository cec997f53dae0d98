using System.Globalization;
using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>
/// The keys of all grains. Each starts with the first 16 hexadecimal digits of the network's hash, so that networks share silos but never a
/// grain, and uses <c>[a-z0-9.]</c> alone, which every storage accepts.
/// </summary>
public static class GrainKeys
{
    private const string ZoneWord = "zone";
    private const string BootstrapWord = "bootstrap";

    /// <summary>How many routing zones a network has.</summary>
    public const int ZoneCount = PeerZone.Count;

    /// <summary>How many shards a network's bootstrap cache has. Ours: a shard's state stays below 256 KiB.</summary>
    public const int BootstrapShardCount = PeerZone.Count;

    /// <summary>Bytes of a position in the hash space, the target of <see cref="IRoutingTableGrain.FindClosestAsync"/>.</summary>
    public const int HashLength = PeerZone.HashLength;

    /// <summary>The key of an <see cref="IPeerGrain"/>: <c>{prefix}.{peer id}</c>.</summary>
    public static string Peer(NetworkId network, PeerId peer) => $"{network.KeyPrefix}.{peer}";

    /// <summary>The key of an <see cref="IGatewayGrain"/>: <c>{prefix}.{the gateway's peer id}</c>.</summary>
    public static string Gateway(NetworkId network, PeerId gateway) => $"{network.KeyPrefix}.{gateway}";

    /// <summary>The key of an <see cref="IRoutingTableGrain"/>: <c>{prefix}.zone{n}</c>, n from 0 to 15.</summary>
    public static string Zone(NetworkId network, int zone)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(zone);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(zone, ZoneCount);
        return string.Create(CultureInfo.InvariantCulture, $"{network.KeyPrefix}.{ZoneWord}{zone}");
    }

    /// <summary>The key of an <see cref="IBootstrapCacheGrain"/>: <c>{prefix}.bootstrap{n}</c>, n from 0 to 15.</summary>
    public static string Bootstrap(NetworkId network, int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, BootstrapShardCount);
        return string.Create(CultureInfo.InvariantCulture, $"{network.KeyPrefix}.{BootstrapWord}{shard}");
    }

    /// <summary>The shard of the bootstrap cache that holds a peer: by the leading bits of its hash, as its zone.</summary>
    public static int BootstrapShardOf(PeerId peer) => PeerZone.Of(peer);

    /// <summary>The key of the <see cref="IGatewayDirectoryGrain"/>: <c>{prefix}</c>.</summary>
    public static string Directory(NetworkId network) => network.KeyPrefix;

    /// <summary>The zone that answers for a peer.</summary>
    public static int ZoneOf(PeerId peer) => PeerZone.Of(peer);

    /// <summary>The zone of a position in the hash space (32 bytes).</summary>
    public static int ZoneOfHash(ReadOnlySpan<byte> hash) => PeerZone.OfHash(hash);

    /// <summary>A peer's position in the hash space: BLAKE3 of its id, 32 bytes.</summary>
    public static byte[] HashOf(PeerId peer) => PeerZone.Hash(peer);

    /// <summary>Reads the peer or gateway id out of a key; false for a key of another network or another shape.</summary>
    public static bool TryParsePeer(string key, NetworkId network, out PeerId peer)
    {
        peer = default;
        var prefix = network.KeyPrefix;
        return key.Length == prefix.Length + 1 + PeerId.TextLength
            && key.StartsWith(prefix, StringComparison.Ordinal)
            && key[prefix.Length] == '.'
            && PeerId.TryParse(key.AsSpan(prefix.Length + 1), out peer);
    }

    /// <summary>Reads the zone out of a key; false for a key of another network or another shape.</summary>
    public static bool TryParseZone(string key, NetworkId network, out int zone) =>
        TryParseNumber(key, network, ZoneWord, out zone) && zone < ZoneCount && key == Zone(network, zone);

    /// <summary>Reads the shard of the bootstrap cache out of a key; false for a key of another network or another shape.</summary>
    public static bool TryParseBootstrap(string key, NetworkId network, out int shard) =>
        TryParseNumber(key, network, BootstrapWord, out shard) && shard < BootstrapShardCount && key == Bootstrap(network, shard);

    private static bool TryParseNumber(string key, NetworkId network, string word, out int number) =>
        int.TryParse(key.AsSpan(Math.Min(key.Length, network.KeyPrefix.Length + 1 + word.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
