using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Crust.Gateway.Cluster;
using Crust.Gateway.Server;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Bootstrap;

/// <summary>
/// A gateway's part in the bootstrap cache: dials the peers it vouches for on a schedule, reports what came of it, reads the shards each 30 s, and answers samples from memory, whether the cluster
/// is there or not. Thread safe; dispose of it before the link to the cluster.
/// </summary>
internal sealed class BootstrapKeeper : IAsyncDisposable
{
    /// <summary>Reports wait this long for others of their shard.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(250);

    /// <summary>After the cluster did not answer. Ours: a gateway that starts has its first samples soon after the cluster answers.</summary>
    private static readonly TimeSpan AfterSilence = TimeSpan.FromSeconds(2);

    private readonly PeerIdentity _identity;
    private readonly NetworkId _network;
    private readonly ClusterLink _cluster;
    private readonly DialBackService _dialBack;
    private readonly Func<PeerId, AttachedEntry?> _attached;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly VouchTable _table;
    private readonly BootstrapView _view;
    private readonly ConcurrentQueue<VouchReport> _reports = new();
    private readonly AsyncSignal _dialNews = new(), _reportNews = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly HashSet<Task> _dials = [];
    private Task _loops = Task.CompletedTask;

    /// <param name="identity">The gateway's; borrowed.</param>
    /// <param name="network">The network.</param>
    /// <param name="cluster">Borrowed.</param>
    /// <param name="dialBack">Borrowed.</param>
    /// <param name="attached">Finds an attached peer.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Where operators read.</param>
    internal BootstrapKeeper(
        PeerIdentity identity, NetworkId network, ClusterLink cluster, DialBackService dialBack, Func<PeerId, AttachedEntry?> attached, MonotonicClock clock, ILogger logger)
    {
        (_identity, _network, _cluster, _dialBack, _attached, _clock, _logger) = (identity, network, cluster, dialBack, attached, clock, logger);
        _table = new VouchTable(identity.Id, new DeterministicRandom(Seed()));
        _view = new BootstrapView(network);
        dialBack.Dialled = HandleDialled;
    }

    /// <summary>Peers of the cache that are known here.</summary>
    internal int KnownCount
    {
        get
        {
            lock (_lock)
                return _view.Count;
        }
    }

    /// <summary>Starts the loops. Once.</summary>
    internal void Start() => _loops = Task.WhenAll(Task.Run(() => RunAsync(DialAsync)), Task.Run(() => RunAsync(ReportAsync)), Task.Run(() => RunAsync(ReadAsync)));

    /// <summary>A peer attached, or attached again.</summary>
    internal void HandleAttached(PeerRecord record, AttachedEntry entry)
    {
        VouchReport? report;
        lock (_lock)
            report = _table.HandleAttached(record, entry.SignedRecord, entry.Peer.SignedAttachment, isNew: false, _clock.Now);
        Send(report);
    }

    /// <summary>The session of a peer ended.</summary>
    internal void HandleDetached(PeerId peer)
    {
        lock (_lock)
            _table.HandleDetached(peer, _clock.Now);
        _dialNews.Set();
    }

    /// <summary>Peers to begin with, for whoever asks: from memory.</summary>
    internal IReadOnlyList<ViewEntry> Sample(int count, PeerId asker)
    {
        lock (_lock)
            return [.. _view.Sample(count, _table.HasFailed, Seed(), _clock.Now).Where(e => e.Record.Peer != asker)];
    }

    public async ValueTask DisposeAsync()
    {
        _dialBack.Dialled = null;
        await _stopped.CancelAsync();
        await _loops;
        Task[] left;
        lock (_lock)
            left = [.. _dials];
        await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private static ulong Seed()
    {
        var seed = 0UL;
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref seed)));
        return seed;
    }

    /// <summary>A peer was dialled because it asked: if something was reached, it may be told to others.</summary>
    private void HandleDialled(DialledBack dialled)
    {
        VouchReport? first = null, report;
        lock (_lock)
        {
            if (_attached(dialled.Peer) is { } entry && dialled.Outcomes.Contains(GatewayProtocol.DialBackOutcome.Reached) && PeerRecord.TryVerify(entry.SignedRecord, _network, out var record))
                first = _table.HandleAttached(record!, entry.SignedRecord, entry.Peer.SignedAttachment, isNew: true, _clock.Now);
            report = _table.HandleDialled(dialled.Peer, dialled.Addresses, dialled.Outcomes, dialled.IsIndependent, dialled.Contacted, _clock.Now);
        }

        Send(report ?? first);
        _dialNews.Set();
    }

    private void Send(VouchReport? report)
    {
        if (report is null)
            return;
        _reports.Enqueue(report);
        _reportNews.Set();
    }

    /// <summary>Runs a loop until disposal. One ends by itself only through a bug, which must not end the gateway's part for good.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> loop)
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                await loop(_stopped.Token);
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                BootstrapLog.LoopFailed(_logger, e);
                await Task.Delay(AfterSilence, _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task DialAsync(CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(VouchRules.MaxDials);
        try
        {
            while (true)
            {
                await places.WaitAsync(cancellationToken);
                var (addresses, contacted, isDue, next) = NextDial();
                if (isDue)
                {
                    Track(RedialAsync(addresses, contacted), places);
                    continue;
                }

                places.Release();
                var wait = next is { } at ? at - _clock.Now : Timeout.InfiniteTimeSpan;
                if (next is null || wait > TimeSpan.Zero)
                    await _dialNews.WaitAsync(wait, _clock.TimeProvider, cancellationToken);
            }
        }
        finally
        {
            Task[] left;
            lock (_lock)
                left = [.. _dials];
            await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private (IReadOnlyList<PeerAddress> Addresses, IReadOnlyList<string> Contacted, bool IsDue, Instant? Next) NextDial()
    {
        lock (_lock)
        {
            var isDue = _table.TryNextDial(_clock.Now, out var addresses, out var contacted);
            return (addresses, contacted, isDue, _table.NextDue);
        }
    }

    private async Task RedialAsync(IReadOnlyList<PeerAddress> addresses, IReadOnlyList<string> contacted)
    {
        DialledBack? dialled = null;
        try
        {
            dialled = await _dialBack.RedialAsync(addresses, contacted);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The gateway stops.
        }

        VouchReport? report = null;
        lock (_lock)
        {
            if (dialled is null)
                _table.HandleNotDialled(addresses[0].Peer, _clock.Now);
            else
                report = _table.HandleDialled(dialled.Peer, dialled.Addresses, dialled.Outcomes, dialled.IsIndependent, null, _clock.Now);
            if (report is { Reached: 0 })
                _view.Invalidate();
        }

        Send(report);
        _dialNews.Set();
    }

    private void Track(Task dial, SemaphoreSlim places)
    {
        lock (_lock)
            _dials.Add(dial);
        dial.ContinueWith(
            done =>
            {
                _ = done.Exception;
                places.Release();
                lock (_lock)
                    _dials.Remove(done);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _reportNews.WaitAsync(cancellationToken);
            await Task.Delay(Gathering, _clock.TimeProvider, cancellationToken);
            var newest = new Dictionary<PeerId, VouchReport>();
            while (_reports.TryDequeue(out var report))
                newest[report.Record.Peer] = report;
            foreach (var shard in newest.Values.GroupBy(r => GrainKeys.BootstrapShardOf(r.Record.Peer)))
            {
                foreach (var batch in shard.Chunk(IBootstrapCacheGrain.MaxBatch))
                    await ReportAsync(shard.Key, batch, cancellationToken);
            }
        }
    }

    private async Task ReportAsync(int shard, VouchReport[] batch, CancellationToken cancellationToken)
    {
        var results = await _cluster.ReportBootstrapAsync(shard, Array.ConvertAll(batch, Sign), cancellationToken);
        var isNew = false;
        lock (_lock)
        {
            for (var i = 0; i < batch.Length; i++)
            {
                var peer = batch[i].Record.Peer;
                _table.HandleResult(peer, results?[i], _clock.Now);
                isNew |= results?[i] == BootstrapResult.Proven && !_view.Contains(peer);
            }
        }

        _dialNews.Set();
        // Whoever is new here is told to others at once, and not in half a minute; elsewhere it takes that long.
        if (isNew)
            await ReadAsync(shard, cancellationToken);
    }

    private BootstrapReport Sign(VouchReport report)
    {
        var proof = new ReachabilityProof(_identity.Id, report.Record.Peer, report.Record.Sequence, report.Dialled, report.Reached, report.IsIndependent, _clock.UnixMilliseconds);
        return new BootstrapReport(proof.Sign(_identity, _network), report.SignedRecord, report.SignedAttachment);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var isAnswered = true;
            for (var shard = 0; shard < GrainKeys.BootstrapShardCount && isAnswered; shard++)
                isAnswered = await ReadAsync(shard, cancellationToken);
            var jitter = VouchRules.MinJitter + (VouchRules.MaxJitter - VouchRules.MinJitter) * Random.Shared.NextDouble();
            await Task.Delay((isAnswered ? VouchRules.ReadPeriod : AfterSilence) * jitter, _clock.TimeProvider, cancellationToken);
        }
    }

    private async Task<bool> ReadAsync(int shard, CancellationToken cancellationToken)
    {
        ulong known;
        long reading;
        lock (_lock)
            (known, reading) = _view.BeginReading(shard);
        var (isAnswered, read) = await _cluster.ReadBootstrapAsync(shard, known, cancellationToken);
        if (!isAnswered)
            return false;
        PeerId[] live = [.. _cluster.Directory.Gateways.Select(g => g.Gateway)];
        lock (_lock)
        {
            var entries = read is null ? _view.Confirm(shard, reading, _clock.Now) : _view.Set(shard, reading, read, _clock.Now);
            // A directory that has just begun lists not everybody yet: it is listened to once it lists us.
            if (live.Contains(_identity.Id))
            {
                foreach (var entry in entries.Where(e => e.Entry.Voucher == _identity.Id || (!live.Contains(e.Entry.Voucher) && _table.IsHeir(e.Record.Peer, live))))
                    _table.Adopt(entry.Entry, entry.Record, _clock.Now);
            }
        }

        _dialNews.Set();
        return true;
    }
}
