using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Cluster;

/// <summary>
/// Keeps the zones' tables true for one gateway: announces single peers as they attach, and everyone in a zone again when that zone's epoch changed or an
/// announcement was not answered.
/// </summary>
internal sealed class ZoneAnnouncer(
    CrustClusterClient client, PeerId gatewayId, Func<ulong> gatewayEpoch, GatewayProof? proof, IAttachedPeers peers, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    /// <summary>Random wait before a zone is announced again, for each peer in it: one peer needs no spreading, 25 and more get up to a quarter second.</summary>
    private static readonly TimeSpan JitterPerPeer = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxJitter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Most withdrawals that wait for the cluster. Ours; beyond, an entry stays until the peer attaches again or this process ends.</summary>
    private const int MaxWithdrawals = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerId, ulong> _withdrawals = [];
    private readonly AsyncSignal _news = new();
    private readonly RunningTasks _announcing = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly ulong[] _epochs = new ulong[GrainKeys.ZoneCount];
    private readonly bool[] _requested = new bool[GrainKeys.ZoneCount];

    /// <summary>All zones are announced again.</summary>
    internal void RequestAll() => Request(Enumerable.Range(0, GrainKeys.ZoneCount));

    /// <summary>Zones whose epoch is another than at the last announcement are announced again; an unknown one (0) is not judged.</summary>
    internal void Compare(ulong[] zoneEpochs)
    {
        lock (_lock)
            Request([.. Enumerable.Range(0, Math.Min(zoneEpochs.Length, _epochs.Length)).Where(zone => zoneEpochs[zone] != 0 && zoneEpochs[zone] != _epochs[zone])]);
    }

    /// <summary>
    /// Announces one peer now. Unanswered, its zone is announced again later. Who waits may give up, since the peer left; the question is on its way all the same, and may arrive behind the withdrawal: whoever
    /// is gone when it ends is taken back then.
    /// </summary>
    internal Task<ClusterReply<AnnounceOutcome>> AnnounceAsync(PeerId peer, ulong epoch, PeerAnnouncement announcement, CancellationToken cancellationToken)
    {
        var announcing = AnnounceToEndAsync(peer, epoch, announcement);
        _announcing.Add(announcing);
        return announcing.WaitAsync(cancellationToken);
    }

    /// <summary>Takes one peer back now. Unanswered, it is taken back before its zone is announced again. False then.</summary>
    internal async Task<bool> WithdrawAsync(PeerId peer, ulong epoch, CancellationToken cancellationToken)
    {
        var zone = GrainKeys.ZoneOf(peer);
        var withdrawal = new PeerWithdrawal(peer, epoch);
        if (proof is null)
            return false;
        if (IsBack(withdrawal))
            return true;
        var reply = await client.WithdrawAsync(zone, gatewayId, [withdrawal], proof, cancellationToken).ConfigureAwait(false);
        if (reply.IsAvailable)
            RequestThoseBack(zone, [withdrawal]);
        else
            WithdrawLater(peer, epoch);
        return reply.IsAvailable;
    }

    /// <summary>Takes one peer back before its zone is announced again.</summary>
    internal void WithdrawLater(PeerId peer, ulong epoch)
    {
        lock (_lock)
        {
            if (_withdrawals.Count < MaxWithdrawals || _withdrawals.ContainsKey(peer))
                _withdrawals[peer] = epoch;
            Request([GrainKeys.ZoneOf(peer)]);
        }
    }

    /// <summary>The loop: announces the requested zones, one after the other.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _news.WaitAsync(cancellationToken).ConfigureAwait(false);
            var attached = peers.Snapshot();
            var byZone = attached.ToLookup(peer => GrainKeys.ZoneOf(peer.Peer));
            var hasFailed = false;
            foreach (var zone in TakeRequested())
                hasFailed |= !await AnnounceZoneAsync(zone, [.. byZone[zone]], cancellationToken).ConfigureAwait(false);
            TakeBack(attached);
            if (hasFailed)
            {
                await Task.Delay(RetryDelay, timeProvider, cancellationToken).ConfigureAwait(false);
                Request([]);
            }
        }
    }

    /// <summary>Once <see cref="RunAsync"/> has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _announcing.WhenEndedAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task<ClusterReply<AnnounceOutcome>> AnnounceToEndAsync(PeerId peer, ulong epoch, PeerAnnouncement announcement)
    {
        var zone = GrainKeys.ZoneOf(peer);
        var reply = await client.AnnounceAsync(zone, gatewayId, gatewayEpoch(), [announcement], proof, _ended.Token).ConfigureAwait(false);
        if (!IsBack(new PeerWithdrawal(peer, epoch)))
            WithdrawLater(peer, epoch);
        if (!reply.TryGet(out var answer) || answer.Outcomes is not [var outcome])
        {
            Request([zone]);
            return ClusterReply<AnnounceOutcome>.Unavailable;
        }

        lock (_lock)
        {
            // The zone began anew since: the others in it are lost.
            if (_epochs[zone] != answer.ZoneEpoch)
                Request([zone]);
        }

        return new ClusterReply<AnnounceOutcome>(true, outcome);
    }

    private async Task<bool> AnnounceZoneAsync(int zone, AttachedPeer[] attached, CancellationToken cancellationToken)
    {
        if (attached.Length > 0)
        {
            var jitter = attached.Length * JitterPerPeer < MaxJitter ? attached.Length * JitterPerPeer : MaxJitter;
            await Task.Delay(jitter * Random.Shared.NextDouble(), timeProvider, cancellationToken).ConfigureAwait(false);
        }

        if (!await SendWithdrawalsAsync(zone, cancellationToken).ConfigureAwait(false))
            return Failed(zone);
        var zoneEpoch = 0UL;
        // An empty zone is announced as well: the call brings its epoch, by which a later loss is known.
        foreach (var batch in attached.Length == 0 ? [[]] : attached.Chunk(IRoutingTableGrain.MaxBatch))
        {
            var announcements = Array.ConvertAll(batch, peer => new PeerAnnouncement(peer.SignedAttachment, peer.RecordSequence));
            var reply = await client.AnnounceAsync(zone, gatewayId, gatewayEpoch(), announcements, proof, cancellationToken).ConfigureAwait(false);
            if (!reply.TryGet(out var answer) || (zoneEpoch != 0 && answer.ZoneEpoch != zoneEpoch))
                return Failed(zone);
            zoneEpoch = answer.ZoneEpoch;
            Report(batch, answer.Outcomes);
        }

        lock (_lock)
            _epochs[zone] = zoneEpoch;
        if (attached.Length > 0)
            ClusterLog.Announced(logger, attached.Length, zone);
        return true;
    }

    /// <summary>Whoever left while zones were announced may have been taken back first and announced then: it is taken back once more.</summary>
    private void TakeBack(IReadOnlyCollection<AttachedPeer> announced)
    {
        var still = peers.Snapshot().Select(peer => (peer.Peer, peer.Epoch)).ToHashSet();
        foreach (var peer in announced.Where(peer => !still.Contains((peer.Peer, peer.Epoch))))
            WithdrawLater(peer.Peer, peer.Epoch);
    }

    /// <summary>Whoever attached again with the same or a newer epoch has not left.</summary>
    private bool IsBack(PeerWithdrawal withdrawal) => peers.EpochOf(withdrawal.Peer) is { } epoch && epoch >= withdrawal.Epoch;

    /// <summary>The zone cannot tell an attachment that was announced while this withdrawal was on its way from the one that ended: it is announced again.</summary>
    private void RequestThoseBack(int zone, PeerWithdrawal[] withdrawn)
    {
        if (Array.Exists(withdrawn, IsBack))
            Request([zone]);
    }

    private bool Failed(int zone)
    {
        lock (_lock)
            _requested[zone] = true;
        return false;
    }

    private async Task<bool> SendWithdrawalsAsync(int zone, CancellationToken cancellationToken)
    {
        PeerWithdrawal[] left;
        lock (_lock)
            left = [.. _withdrawals.Where(pair => GrainKeys.ZoneOf(pair.Key) == zone).Select(pair => new PeerWithdrawal(pair.Key, pair.Value))];
        foreach (var batch in left.Chunk(IRoutingTableGrain.MaxBatch))
        {
            PeerWithdrawal[] gone = [.. batch.Where(withdrawal => !IsBack(withdrawal))];
            if (gone.Length > 0 && proof is not null && !(await client.WithdrawAsync(zone, gatewayId, gone, proof, cancellationToken).ConfigureAwait(false)).IsAvailable)
                return false;
            RequestThoseBack(zone, gone);
            lock (_lock)
            {
                foreach (var withdrawal in batch)
                {
                    if (_withdrawals.TryGetValue(withdrawal.Peer, out var epoch) && epoch == withdrawal.Epoch)
                        _withdrawals.Remove(withdrawal.Peer);
                }
            }
        }

        return true;
    }

    private void Report(AttachedPeer[] batch, AnnounceOutcome[] outcomes)
    {
        foreach (var (peer, outcome) in batch.Zip(outcomes))
        {
            if (outcome.Result == AnnounceResult.Superseded)
                peers.Superseded(peer.Peer, outcome.NewestEpoch);
            else if (outcome.Result != AnnounceResult.Accepted)
                ClusterLog.AnnouncementRefused(logger, peer.Peer, outcome.Result);
        }
    }

    private List<int> TakeRequested()
    {
        lock (_lock)
        {
            List<int> zones = [.. Enumerable.Range(0, _requested.Length).Where(zone => _requested[zone])];
            Array.Clear(_requested);
            return zones;
        }
    }

    private void Request(IEnumerable<int> zones)
    {
        lock (_lock)
        {
            foreach (var zone in zones)
                _requested[zone] = true;
            if (Array.Exists(_requested, requested => requested))
                _news.Set();
        }
    }
}
