using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Client;

/// <summary>
/// A trusted service's door to the cluster: register, find, list, reach. It connects in the background and keeps trying for ever, so it can be made while
/// no silo answers; calls are repeated when that is harmless (all of these are) and come back as <see cref="ClusterReply{T}"/>: no Orleans exception
/// leaves it. Thread-safe.
/// </summary>
public sealed class CrustClusterClient : IAsyncDisposable
{
    /// <summary>The wait before a failed call is tried again. Ours: a silo's death is noticed on the connection well within it.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The wait for an answer before a question is put again, beside the first: what was on its way to a silo that died or stopped is never answered. Only where the order in which both arrive does not
    /// matter. Ours: longer than storage may take to refuse, and short enough for a third question within 5 s, by when a death is known.
    /// </summary>
    private static readonly TimeSpan HedgeDelay = TimeSpan.FromSeconds(2);

    /// <summary>Most calls that put their question again at a time. Ours: a cluster that is slow must not be asked three times as much.</summary>
    private const int MaxHedges = 512;

    /// <summary>How long a look-up waits for a newer directory than the one that is known.</summary>
    private static readonly TimeSpan DirectoryPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>How old the directory may be that look-ups take gateway addresses from.</summary>
    private static readonly TimeSpan DirectoryAge = TimeSpan.FromSeconds(2);

    private readonly ClusterConnection? _connection;
    private readonly IGrainFactory? _fixedGrains;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _responseTimeout;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly LookupBatcher[] _lookups;
    private volatile CachedDirectory? _directory;
    private Task _refreshing = Task.CompletedTask;
    private int _hedges;

    /// <summary>Makes a client that connects from outside the cluster.</summary>
    /// <exception cref="ArgumentException">Where silos are is not told or not in the right form, the network name is malformed, or a time is out of range.</exception>
    /// <exception cref="InvalidDataException">A certificate file is missing, unreadable or does not fit the others.</exception>
    public CrustClusterClient(CrustClientOptions options, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.ComplaintOfSilos() is { } complaint)
            throw new ArgumentException(complaint, nameof(options));
        if (options.ResponseTimeout < TimeSpan.FromSeconds(2.5) || options.GatewayListRefreshPeriod <= TimeSpan.Zero || options.ConnectRetryDelay <= TimeSpan.Zero)
            throw new ArgumentException("ResponseTimeout is at least 2.5 s (a mailbox holds a call for 2 s), and periods are positive.", nameof(options));
        Network = NetworkId.FromName(options.Network);
        _responseTimeout = options.ResponseTimeout;
        _timeProvider = timeProvider ?? TimeProvider.System;
        loggerFactory ??= NullLoggerFactory.Instance;
        _logger = loggerFactory.CreateLogger<CrustClusterClient>();
        _lookups = MakeBatchers();
        _connection = new ClusterConnection(options, loggerFactory, _timeProvider);
    }

    /// <summary>Makes a client on a grain factory that is connected already: a silo's own, or a test cluster's. It is not disposed.</summary>
    public CrustClusterClient(
        IGrainFactory grains, NetworkId network, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null, TimeSpan? responseTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        Network = network;
        _fixedGrains = grains;
        _responseTimeout = responseTimeout ?? TimeSpan.FromSeconds(5);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CrustClusterClient>();
        _lookups = MakeBatchers();
    }

    /// <summary>The network that this client speaks for.</summary>
    public NetworkId Network { get; }

    /// <summary>True once it has connected for the first time. Whether the cluster answers now, only a call can tell.</summary>
    public bool HasConnected => Grains is not null;

    private IGrainFactory? Grains => _fixedGrains ?? _connection?.Grains;

    /// <summary>Waits for the first connection. Cancelling stops the waiting, not the connecting.</summary>
    public Task WaitUntilConnectedAsync(CancellationToken cancellationToken) => _connection?.Connecting.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Offers a peer's signed record to the grain of the peer it names. <see cref="RegisterResult.Accepted"/>: it is stored.</summary>
    public Task<ClusterReply<RegisterResult>> RegisterAsync(byte[] signedRecord, CancellationToken cancellationToken)
    {
        // The key is taken from the verified record: an unverified one could make the cluster activate grains for anybody.
        if (!PeerRecord.TryVerify(signedRecord, Network, out var record))
            return Task.FromResult(new ClusterReply<RegisterResult>(true, RegisterResult.Invalid));
        return RegisterVerifiedAsync(record!.Peer, signedRecord, cancellationToken);
    }

    /// <summary><see cref="RegisterAsync"/> of a record that the caller verified.</summary>
    internal Task<ClusterReply<RegisterResult>> RegisterVerifiedAsync(PeerId peer, byte[] signedRecord, CancellationToken cancellationToken) =>
        CallAsync(grains => Peer(grains, peer).RegisterAsync(signedRecord), cancellationToken, mayHedge: true);

    /// <summary>A peer's newest signed record; the value is null when there is none. Verify it before use.</summary>
    public Task<ClusterReply<byte[]?>> GetRecordAsync(PeerId peer, CancellationToken cancellationToken) =>
        CallAsync(grains => Peer(grains, peer).GetRecordAsync(), cancellationToken, mayHedge: true);

    /// <summary>Where a peer is attached; the value is null when it is not.</summary>
    public Task<ClusterReply<PeerPresence?>> FindPresenceAsync(PeerId peer, CancellationToken cancellationToken) =>
        CallAsync(grains => Zone(grains, GrainKeys.ZoneOf(peer)).FindAsync(peer), cancellationToken, mayHedge: true);

    /// <summary>
    /// All the cluster knows of a peer: its record, where it is attached and how that gateway is reached. Look-ups that are made at one time share calls. An attached peer's zone answers for it
    /// alone, once it was looked up; else the peer's own grain is asked for the record.
    /// </summary>
    public async Task<ClusterReply<PeerLookup>> FindAsync(PeerId peer, CancellationToken cancellationToken)
    {
        if (!(await LookUpAsync(peer, cancellationToken).ConfigureAwait(false)).TryGet(out var found))
            return ClusterReply<PeerLookup>.Unavailable;
        var record = found.SignedRecord;
        if (record is null && !(await GetRecordAsync(peer, cancellationToken).ConfigureAwait(false)).TryGet(out record))
            return ClusterReply<PeerLookup>.Unavailable;
        var gateway = found.Presence is null ? null : await FindGatewayAsync(found.Presence.Gateway, cancellationToken).ConfigureAwait(false);
        return new(true, new PeerLookup(record, found.Presence, gateway));
    }

    /// <summary>
    /// The attached peers nearest to a position (32 bytes), nearest first. The target's own zone answers first; when it has fewer, the others are asked in
    /// the order of their distance. Exact.
    /// </summary>
    public async Task<ClusterReply<IReadOnlyList<PeerPresence>>> FindClosestAsync(byte[] target, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.Length != GrainKeys.HashLength)
            throw new ArgumentException($"A position has {GrainKeys.HashLength} bytes.", nameof(target));
        var found = new List<PeerPresence>();
        var home = GrainKeys.ZoneOfHash(target);
        for (var distance = 0; distance < GrainKeys.ZoneCount && found.Count < count; distance++)
        {
            var (zone, wanted) = (home ^ distance, count - found.Count);
            var reply = await CallAsync(grains => Zone(grains, zone).FindClosestAsync(target, wanted), cancellationToken, mayHedge: true).ConfigureAwait(false);
            if (!reply.TryGet(out var part))
                return ClusterReply<IReadOnlyList<PeerPresence>>.Unavailable;
            found.AddRange(part);
        }

        return new(true, found);
    }

    /// <summary>The live gateways and the zones.</summary>
    public async Task<ClusterReply<GatewayDirectorySnapshot>> ListGatewaysAsync(CancellationToken cancellationToken)
    {
        var reply = await CallAsync(grains => Directory(grains).GetSnapshotAsync(), cancellationToken, mayHedge: true).ConfigureAwait(false);
        if (reply.TryGet(out var snapshot))
            _directory = new CachedDirectory(snapshot, _timeProvider.GetTimestamp());
        return reply;
    }

    /// <summary>Puts a command into a gateway's mailbox. A repeated call may queue it twice: commands are harmless to repeat.</summary>
    public Task<ClusterReply<EnqueueResult>> EnqueueAsync(PeerId gateway, GatewayCommand command, CancellationToken cancellationToken) =>
        CallAsync(grains => Gateway(grains, gateway).EnqueueAsync(command), cancellationToken);

    /// <summary>A gateway's call to its own mailbox: <see cref="IGatewayGrain.ExchangeProvenAsync"/>. Held for up to 2 s; not repeated, the gateway's loop does that.</summary>
    public Task<ClusterReply<ExchangeReply>> ExchangeAsync(
        PeerId gateway, ulong mailboxEpoch, ulong ackedThrough, ulong directoryVersion, ulong policyVersion, GatewayHeartbeat heartbeat, GatewayProof? proof,
        CancellationToken cancellationToken) =>
        CallAsync(
            grains => proof is null
                ? Gateway(grains, gateway).ExchangeAsync(mailboxEpoch, ackedThrough, directoryVersion, heartbeat)
                : Gateway(grains, gateway).ExchangeProvenAsync(mailboxEpoch, ackedThrough, directoryVersion, policyVersion, heartbeat, proof),
            cancellationToken, mayRepeat: false);

    /// <summary>Announces attached peers of one zone; at most <see cref="IRoutingTableGrain.MaxBatch"/>. Without a proof that the caller is the gateway the cluster refuses.</summary>
    public Task<ClusterReply<AnnounceReply>> AnnounceAsync(
        int zone, PeerId gateway, ulong gatewayEpoch, PeerAnnouncement[] batch, GatewayProof? proof, CancellationToken cancellationToken) =>
        CallAsync(
            grains => proof is null
                ? Zone(grains, zone).AnnounceAsync(gateway, gatewayEpoch, batch)
                : Zone(grains, zone).AnnounceProvenAsync(gateway, gatewayEpoch, batch, proof),
            cancellationToken);

    /// <summary>A gateway tells a shard of the bootstrap cache what came of its dials; at most <see cref="IBootstrapCacheGrain.MaxBatch"/>.</summary>
    public Task<ClusterReply<BootstrapReply>> ReportBootstrapAsync(int shard, BootstrapReport[] batch, CancellationToken cancellationToken) =>
        CallAsync(grains => Bootstrap(grains, shard).ReportAsync(batch), cancellationToken);

    /// <summary>A shard of the bootstrap cache; the value is null when it still has the version that is known.</summary>
    public Task<ClusterReply<BootstrapShard?>> ReadBootstrapAsync(int shard, ulong knownVersion, CancellationToken cancellationToken) =>
        CallAsync(grains => Bootstrap(grains, shard).ReadAsync(knownVersion), cancellationToken, mayHedge: true);

    /// <summary>Takes peers of one zone back; at most <see cref="IRoutingTableGrain.MaxBatch"/>. The value is false when the proof is not the gateway's.</summary>
    public Task<ClusterReply<bool>> WithdrawAsync(int zone, PeerId gateway, PeerWithdrawal[] batch, GatewayProof proof, CancellationToken cancellationToken) =>
        CallAsync(grains => Zone(grains, zone).WithdrawProvenAsync(gateway, batch, proof), cancellationToken);

    /// <summary>Offers an operator's signed order. <see cref="OrderResult.Accepted"/>: it is stored, and counts everywhere within 5 s.</summary>
    public Task<ClusterReply<OrderResult>> SubmitOrderAsync(byte[] signedOrder, CancellationToken cancellationToken) =>
        CallAsync(grains => Orders(grains).SubmitAsync(signedOrder), cancellationToken);

    /// <summary>What operators ordered since a version; the value is null when nothing changed. Verify each order before use.</summary>
    public Task<ClusterReply<PolicyChanges?>> ReadPolicyAsync(ulong knownVersion, CancellationToken cancellationToken) =>
        CallAsync(grains => Orders(grains).ReadAsync(knownVersion), cancellationToken);

    /// <summary>The last orders that operators gave, the newest first; at most <see cref="IOperatorOrdersGrain.MaxAudit"/>.</summary>
    public Task<ClusterReply<PolicyOrder[]>> GetOrderAuditAsync(int count, CancellationToken cancellationToken) =>
        CallAsync(grains => Orders(grains).GetAuditAsync(count), cancellationToken);

    /// <summary>The number of an operator's newest order; 0 for none.</summary>
    public Task<ClusterReply<ulong>> GetLastOrderNumberAsync(PeerId operatorId, CancellationToken cancellationToken) =>
        CallAsync(grains => Orders(grains).GetLastNumberAsync(operatorId), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync().ConfigureAwait(false);
        foreach (var zone in _lookups)
            await zone.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A look-up waits for calls before it, which may take their time, and for its own: no longer than any call may take.</summary>
    private async Task<ClusterReply<PeerFinding>> LookUpAsync(PeerId peer, CancellationToken cancellationToken)
    {
        try
        {
            return await _lookups[GrainKeys.ZoneOf(peer)].FindAsync(peer).WaitAsync(_responseTimeout, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return ClusterReply<PeerFinding>.Unavailable;
        }
    }

    private LookupBatcher[] MakeBatchers() =>
        [.. Enumerable.Range(0, GrainKeys.ZoneCount).Select(zone => new LookupBatcher(peers => CallAsync(grains => Zone(grains, zone).LookUpAsync(peers), CancellationToken.None, mayHedge: true)))];

    private IPeerGrain Peer(IGrainFactory grains, PeerId peer) => grains.GetGrain<IPeerGrain>(GrainKeys.Peer(Network, peer));

    private IRoutingTableGrain Zone(IGrainFactory grains, int zone) => grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(Network, zone));

    private IGatewayGrain Gateway(IGrainFactory grains, PeerId gateway) => grains.GetGrain<IGatewayGrain>(GrainKeys.Gateway(Network, gateway));

    private IBootstrapCacheGrain Bootstrap(IGrainFactory grains, int shard) => grains.GetGrain<IBootstrapCacheGrain>(GrainKeys.Bootstrap(Network, shard));

    private IOperatorOrdersGrain Orders(IGrainFactory grains) => grains.GetGrain<IOperatorOrdersGrain>(GrainKeys.Orders(Network));

    private IGatewayDirectoryGrain Directory(IGrainFactory grains) => grains.GetGrain<IGatewayDirectoryGrain>(GrainKeys.Directory(Network));

    private async Task<GatewayEntry?> FindGatewayAsync(PeerId gateway, CancellationToken cancellationToken)
    {
        var cached = _directory;
        if (cached is null || _timeProvider.GetElapsedTime(cached.Taken) > DirectoryAge)
        {
            // Unavailable, or not there in time, leaves the older directory in place, which is better than none.
            var refreshing = RefreshAsync();
            await (_directory is null ? refreshing.WaitAsync(cancellationToken) : refreshing.WaitAsync(DirectoryPatience, _timeProvider, cancellationToken))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return _directory is null ? null : Array.Find(_directory.Snapshot.Gateways, entry => entry.Gateway == gateway);
    }

    /// <summary>Reads the directory, once for all who want it.</summary>
    private Task RefreshAsync()
    {
        lock (_gate)
            return _refreshing = _refreshing.IsCompleted ? ListGatewaysAsync(CancellationToken.None) : _refreshing;
    }

    private async Task<ClusterReply<T>> CallAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellationToken, bool mayRepeat = true, bool mayHedge = false)
    {
        var started = _timeProvider.GetTimestamp();
        var asked = new List<Task<T>>();
        var isHedged = false;
        try
        {
            while (Grains is { } grains && _responseTimeout - _timeProvider.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (asked.Count == 0 || isHedged || (mayHedge && (isHedged = TryHedge())))
                    asked.Add(AskAsync(grains, call));
                if (await FirstAsync(asked, mayHedge && HedgeDelay < left ? HedgeDelay : left, cancellationToken).ConfigureAwait(false) is not { } done)
                    continue;
                if (done.IsCompletedSuccessfully)
                    return new ClusterReply<T>(true, await done.ConfigureAwait(false));
                asked.Remove(done);
                Log.NoAnswer(_logger, done.Exception?.InnerException?.Message ?? "cancelled");
                if (!mayRepeat || _timeProvider.GetElapsedTime(started) + RetryDelay >= _responseTimeout)
                    break;
                await Task.Delay(RetryDelay, _timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (isHedged)
                Interlocked.Decrement(ref _hedges);
        }

        return ClusterReply<T>.Unavailable;
    }

    /// <summary>Whatever a silo, a connection or a serializer throws, at once or later, means the same: the cluster did not answer.</summary>
    private static Task<T> AskAsync<T>(IGrainFactory grains, Func<IGrainFactory, Task<T>> call)
    {
        var asked = CallAsync();
        // An answer that nobody waits for any more must not be an unobserved exception.
        _ = asked.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return asked;

        async Task<T> CallAsync() => await call(grains).ConfigureAwait(false);
    }

    /// <summary>The first that ends; null when none does in time. Orleans times out by itself, but not while it looks for a gateway to send through.</summary>
    private async Task<Task<T>?> FirstAsync<T>(List<Task<T>> asked, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.WhenAny(asked).WaitAsync(patience, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private bool TryHedge()
    {
        if (Interlocked.Increment(ref _hedges) <= MaxHedges)
            return true;
        Interlocked.Decrement(ref _hedges);
        return false;
    }

    private sealed record CachedDirectory(GatewayDirectorySnapshot Snapshot, long Taken);
}
