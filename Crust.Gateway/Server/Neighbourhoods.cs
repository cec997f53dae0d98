using System.Security.Cryptography;
using Crust.Discovery.Routing;
using Crust.Gateway.Cluster;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Server;

/// <summary>
/// Who a peer is told of that attaches: the k nearest to it, exact from its zone, and some of every zone, which all peers of the gateway are given alike and the zones are asked for once in ten minutes.
/// No address prefix has more than a few places. Thread safe.
/// </summary>
internal sealed class Neighbourhoods(AttachedPeers peers, ClusterLink cluster, NetworkId network, TimeProvider timeProvider)
{
    /// <summary>Peers of each zone that everyone is told of. Ours: a bucket's worth of the nearest half, and two places of each zone.</summary>
    private const int OfZone = 2;

    /// <summary>Peers of a zone that are asked for: some are of one prefix, or have no record.</summary>
    private const int AskedOfZone = 8;

    /// <summary>How long the zones' peers are told of.</summary>
    private static readonly TimeSpan SampleAge = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private Task<IReadOnlyList<KnownPeer>> _sample = Task.FromResult<IReadOnlyList<KnownPeer>>([]);
    private long _sampled;

    /// <summary>Signed records for a peer, the nearest first.</summary>
    internal async Task<List<byte[]>> OfAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var position = PeerZone.Hash(peer);
        _ = Position.TryRead(position, out var own);
        var nearest = await KnownAsync(await cluster.FindClosestAsync(position, RoutingLimits.BucketSize + 1, cancellationToken), cancellationToken) ?? Here(own);
        var told = new HashSet<PeerId> { peer };
        var shares = new Dictionary<PrefixGroup, int>();
        var records = new List<byte[]>();
        var bytes = 0;
        foreach (var known in nearest.Take(RoutingLimits.BucketSize + 1).Concat(await SampleAsync()))
        {
            var share = shares.GetValueOrDefault(known.Group);
            if (records.Count >= GatewayCodec.MaxNeighbours || bytes + known.Signed.Length > GatewayCodec.MaxNeighbourBytes || share >= known.Group.MaxInTable || !told.Add(known.Id))
                continue;
            shares[known.Group] = share + 1;
            bytes += known.Signed.Length + 4;
            records.Add(known.Signed.ToArray());
        }

        return records;
    }

    /// <summary>The peers that are attached here, for when the cluster is away.</summary>
    private List<KnownPeer> Here(Position own) =>
        [.. peers.Snapshot().Select(p => peers.Find(p.Peer)).OfType<AttachedEntry>().Take(1024).Select(e => Verified(e.SignedRecord)).OfType<KnownPeer>()
            .Order(Comparer<KnownPeer>.Create((left, right) => own.CompareDistance(left.Position, right.Position)))];

    /// <summary>The sample, made anew when it is old; all who ask meanwhile wait for the same one.</summary>
    private Task<IReadOnlyList<KnownPeer>> SampleAsync()
    {
        lock (_gate)
        {
            if (_sample.IsCompleted && (_sampled == 0 || timeProvider.GetElapsedTime(_sampled) >= SampleAge))
                (_sample, _sampled) = (DrawAsync(_sample), timeProvider.GetTimestamp());
            return _sample;
        }
    }

    private async Task<IReadOnlyList<KnownPeer>> DrawAsync(Task<IReadOnlyList<KnownPeer>> before)
    {
        var sample = new List<KnownPeer>();
        for (var zone = 0; zone < PeerZone.Count; zone++)
        {
            var position = RandomNumberGenerator.GetBytes(PeerZone.HashLength);
            position[0] = (byte)(zone << (8 - PeerZone.Bits) | position[0] & (0xFF >> PeerZone.Bits));
            if (await KnownAsync(await cluster.FindClosestAsync(position, AskedOfZone, CancellationToken.None), CancellationToken.None) is not { } known)
                return before.IsCompletedSuccessfully ? await before : [];
            sample.AddRange(known.Where(k => PeerZone.Of(k.Id) == zone).DistinctBy(static k => k.Group.IsLocal ? (object)k.Id : k.Group).Take(OfZone));
        }

        return sample;
    }

    private async Task<List<KnownPeer>?> KnownAsync(IReadOnlyList<PeerPresence>? present, CancellationToken cancellationToken)
    {
        if (present is null)
            return null;
        var known = new List<KnownPeer>();
        foreach (var presence in present)
        {
            var record = peers.Find(presence.Peer)?.SignedRecord ?? await cluster.RecordAsync(presence.Peer, presence.RecordSequence, cancellationToken);
            if (record is not null && Verified(record) is { } peer && peer.Id == presence.Peer)
                known.Add(peer);
        }

        return known;
    }

    private KnownPeer? Verified(byte[] record) => KnownPeer.TryVerify(record, network, timeProvider.GetUtcNow(), out var peer) ? peer : null;
}
