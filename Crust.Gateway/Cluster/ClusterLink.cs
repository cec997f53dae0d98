using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Cluster;

/// <summary>
/// A gateway's link to the cluster. Three loops: one exchanges heartbeats for commands with the gateway's mailbox, one announces attached
/// peers to zones that lost them, one registers records that the cluster could not take. While the cluster is away everything answers at once from what is known here, and heals by itself afterwards. Thread-safe;
/// dispose of it before the client.
/// </summary>
internal sealed class ClusterLink : IAsyncDisposable
{
    /// <summary>The first wait after a failed exchange, doubled up to <see cref="MaxBackOff"/>.</summary>
    private static readonly TimeSpan MinBackOff = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait. Ours: the cluster's return is noticed within a directory's 10 s.</summary>
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a look-up waits for the cluster when the peer is known here, and when it is not. Ours: longer than a second question takes; and less than 5 s, so that whoever asked hears of it by then.
    /// </summary>
    private static readonly TimeSpan KnownPatience = TimeSpan.FromSeconds(3), UnknownPatience = TimeSpan.FromSeconds(4.5);

    private readonly CrustClusterClient _client;
    private readonly PeerId _gatewayId;
    private readonly Func<GatewayHeartbeat> _heartbeat;
    private readonly IAttachedPeers _peers;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly GatewayProof? _proof;
    private readonly PolicyFollower? _policy;
    private readonly Mailbox _mailbox = new();
    private readonly LookupCache _cache = new(LookupCache.DefaultCapacity);
    private readonly ZoneAnnouncer _announcer;
    private readonly PendingRecords _pending;
    private readonly CancellationTokenSource _stop = new();
    private Task _exchanging = Task.CompletedTask;
    private Task _announcing = Task.CompletedTask;
    private Task _registering = Task.CompletedTask;
    private Task _following = Task.CompletedTask;
    private ulong _policyVersion;
    private DateTimeOffset _listedSince;
    private volatile GatewayDirectorySnapshot _directory = GatewayDirectorySnapshot.Empty;
    private volatile bool _isClusterReachable;

    /// <summary>True after an exchange that was not answered, until one is: then nothing waits for the cluster, and local knowledge answers at once.</summary>
    private volatile bool _isAway;

    /// <param name="client">Borrowed.</param>
    /// <param name="gatewayId">This gateway's peer id.</param>
    /// <param name="heartbeat">How the gateway is now; asked at each exchange. Its epoch stays the same.</param>
    /// <param name="peers">The gateway's side.</param>
    /// <param name="timeProvider">For waits.</param>
    /// <param name="logger">Where the link tells of losses and recoveries.</param>
    /// <param name="proof">Shows the cluster that this is the gateway; without it the cluster refuses all but look-ups.</param>
    /// <param name="policy">Borrowed; follows what operators order. Null: nobody does.</param>
    internal ClusterLink(
        CrustClusterClient client, PeerId gatewayId, Func<GatewayHeartbeat> heartbeat, IAttachedPeers peers, TimeProvider timeProvider, ILogger logger, GatewayProof? proof = null,
        PolicyFollower? policy = null)
    {
        _proof = proof;
        _policy = policy;
        _client = client;
        _gatewayId = gatewayId;
        _heartbeat = heartbeat;
        _peers = peers;
        _timeProvider = timeProvider;
        _logger = logger;
        _announcer = new ZoneAnnouncer(client, gatewayId, () => heartbeat().Epoch, proof, peers, timeProvider, logger);
        _pending = new PendingRecords(client, timeProvider);
    }

    /// <summary>The live gateways, as last heard; <see cref="GatewayDirectorySnapshot.Empty"/> before the first answer.</summary>
    internal GatewayDirectorySnapshot Directory => _directory;

    /// <summary>True while the last exchange was answered.</summary>
    internal bool IsClusterReachable => _isClusterReachable;

    /// <summary>Starts the loops. Once.</summary>
    internal void Start()
    {
        _exchanging = Task.Run(() => RunAsync(ExchangeAsync));
        _announcing = Task.Run(() => RunAsync(_announcer.RunAsync));
        _registering = Task.Run(() => RunAsync(_pending.RunAsync));
        if (_policy is not null)
            _following = Task.Run(() => RunAsync(_policy.RunAsync));
    }

    /// <summary>
    /// Registers a peer's record and announces its attachment. The gateway adds the peer to its own table first, so that a cluster that is away learns of
    /// it later.
    /// </summary>
    internal async Task<AttachOutcome> AttachAsync(byte[] signedRecord, byte[] signedAttachment, CancellationToken cancellationToken)
    {
        if (!PeerRecord.TryVerify(signedRecord, _client.Network, out var record) || !record!.IsCurrent(_timeProvider.GetUtcNow()))
            return AttachOutcome.RecordInvalid;
        if (!Attachment.TryVerify(signedAttachment, _client.Network, _gatewayId, record.Peer, out var attachment) || !attachment!.IsFresh(_timeProvider.GetUtcNow()))
            return AttachOutcome.AttachmentInvalid;
        _cache.Set(record.Peer, new PeerLookup(signedRecord, null, null));
        if (_isAway)
        {
            // Back in reach, everyone attached is announced.
            _pending.Add(record.Peer, signedRecord);
            return AttachOutcome.Unavailable;
        }

        var register = _client.RegisterVerifiedAsync(record.Peer, signedRecord, cancellationToken);
        var announce = _announcer.AnnounceAsync(record.Peer, attachment.Epoch, new PeerAnnouncement(signedAttachment, record.Sequence), cancellationToken);
        await Task.WhenAll(register, announce).ConfigureAwait(false);
        if (!(await register.ConfigureAwait(false)).TryGet(out var registered))
            registered = RegisterResult.StorageUnavailable;
        if (registered == RegisterResult.StorageUnavailable)
            _pending.Add(record.Peer, signedRecord);
        if (!(await announce.ConfigureAwait(false)).TryGet(out var announced))
            return AttachOutcome.Unavailable;
        if (announced.Result == AnnounceResult.Denied || registered == RegisterResult.Denied)
            return AttachOutcome.Denied;
        if (announced.Result != AnnounceResult.Accepted)
            return announced.Result == AnnounceResult.Superseded ? AttachOutcome.Superseded : AttachOutcome.AttachmentInvalid;
        return registered switch
        {
            RegisterResult.Accepted or RegisterResult.Unchanged => AttachOutcome.Attached,
            RegisterResult.Stale => AttachOutcome.RecordStale,
            RegisterResult.StorageUnavailable => AttachOutcome.StorageUnavailable,
            _ => AttachOutcome.RecordInvalid,
        };
    }

    /// <summary>
    /// Takes a peer back that left; the gateway removes it from its own table first. False when the cluster did not hear of it: it is told when it is back.
    /// </summary>
    internal Task<bool> DetachAsync(PeerId peer, ulong epoch, CancellationToken cancellationToken)
    {
        if (!_isAway)
            return _announcer.WithdrawAsync(peer, epoch, cancellationToken);
        _announcer.WithdrawLater(peer, epoch);
        return Task.FromResult(false);
    }

    /// <summary>As <see cref="DetachAsync"/>, soon, and whether the cluster is there or not.</summary>
    internal void DetachLater(PeerId peer, ulong epoch) => _announcer.WithdrawLater(peer, epoch);

    /// <summary>Looks a peer up in the cluster, or, when that is away or slow, in what passed through here.</summary>
    internal async Task<FindOutcome> FindAsync(PeerId peer, CancellationToken cancellationToken)
    {
        if (_isAway && Known(peer) is { } known)
            return new FindOutcome(FindStatus.Stale, known);
        var patience = _cache.Find(peer) is null ? UnknownPatience : KnownPatience;
        ClusterReply<PeerLookup> reply;
        try
        {
            reply = await _client.FindAsync(peer, cancellationToken).WaitAsync(patience, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            reply = ClusterReply<PeerLookup>.Unavailable;
        }

        if (!reply.TryGet(out var lookup))
            return Known(peer) is { } last ? new FindOutcome(FindStatus.Stale, last) : new FindOutcome(FindStatus.Unavailable, null);

        if (lookup.SignedRecord is null && lookup.Presence is null)
        {
            _cache.Remove(peer);
            return new FindOutcome(FindStatus.NotFound, null);
        }

        _cache.Set(peer, lookup);
        return new FindOutcome(FindStatus.Found, lookup);
    }

    /// <summary>The attached peers nearest to a position, nearest first; null while the cluster is away.</summary>
    internal async Task<IReadOnlyList<PeerPresence>?> FindClosestAsync(byte[] position, int count, CancellationToken cancellationToken) =>
        !_isAway && (await _client.FindClosestAsync(position, count, cancellationToken).ConfigureAwait(false)).TryGet(out var found) ? found : null;

    /// <summary>A peer's signed record, no older than a sequence number: from what passed through here, else from the cluster; null when neither has it.</summary>
    internal async Task<byte[]?> RecordAsync(PeerId peer, ulong sequence, CancellationToken cancellationToken)
    {
        if (_cache.Find(peer)?.SignedRecord is { } known && PeerRecord.TryVerify(known, _client.Network, out var record) && record!.Sequence >= sequence)
            return known;
        if (_isAway || !(await _client.GetRecordAsync(peer, cancellationToken).ConfigureAwait(false)).TryGet(out var stored) || stored is null)
            return null;
        _cache.Set(peer, new PeerLookup(stored, null, null));
        return stored;
    }

    /// <summary>Asks the gateway of an attached peer to introduce a caller to it.</summary>
    /// <param name="target">Whom the caller wants to reach.</param>
    /// <param name="callerSignedRecord">Who the caller is and where.</param>
    /// <param name="attemptId">16 bytes, the caller's.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    internal async Task<IntroduceOutcome> IntroduceAsync(PeerId target, byte[] callerSignedRecord, byte[] attemptId, CancellationToken cancellationToken)
    {
        if (attemptId.Length != IntroduceCommand.AttemptIdLength || !PeerRecord.TryVerify(callerSignedRecord, _client.Network, out _))
            return IntroduceOutcome.Invalid;
        if (!(await _client.FindPresenceAsync(target, cancellationToken).ConfigureAwait(false)).TryGet(out var presence))
            return IntroduceOutcome.Unavailable;
        if (presence is null)
            return IntroduceOutcome.NotAttached;
        // Even for a target of this very gateway the mailbox is the way: commands then arrive in one order, from one loop.
        var reply = await _client.EnqueueAsync(presence.Gateway, new IntroduceCommand(target, callerSignedRecord, attemptId), cancellationToken)
            .ConfigureAwait(false);
        if (!reply.TryGet(out var result))
            return IntroduceOutcome.Unavailable;
        return result switch
        {
            EnqueueResult.Queued => IntroduceOutcome.Queued,
            EnqueueResult.Full => IntroduceOutcome.Busy,
            EnqueueResult.GatewayAway => IntroduceOutcome.GatewayAway,
            _ => IntroduceOutcome.Invalid,
        };
    }

    /// <summary>Puts a command into another gateway's mailbox; false when it could not be.</summary>
    internal async Task<bool> TrySendAsync(PeerId gateway, GatewayCommand command, CancellationToken cancellationToken) =>
        !_isAway && (await _client.EnqueueAsync(gateway, command, cancellationToken).ConfigureAwait(false)).TryGet(out var result) && result == EnqueueResult.Queued;

    /// <summary>Tells a shard of the bootstrap cache what came of dials; null when the cluster does not answer.</summary>
    internal async Task<BootstrapResult[]?> ReportBootstrapAsync(int shard, BootstrapReport[] batch, CancellationToken cancellationToken) =>
        !_isAway && (await _client.ReportBootstrapAsync(shard, batch, cancellationToken).ConfigureAwait(false)).TryGet(out var reply) && reply.Results.Length == batch.Length
            ? reply.Results
            : null;

    /// <summary>Reads a shard of the bootstrap cache. Not answered: the cluster is away. Without a shard: it has not changed.</summary>
    internal async Task<(bool IsAnswered, BootstrapShard? Shard)> ReadBootstrapAsync(int shard, ulong knownVersion, CancellationToken cancellationToken) =>
        !_isAway && (await _client.ReadBootstrapAsync(shard, knownVersion, cancellationToken).ConfigureAwait(false)).TryGet(out var read) ? (true, read) : (false, null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_exchanging, _announcing, _registering, _following).ConfigureAwait(false);
        await _announcer.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>What passed through here of a peer, while its record counts. Asked only when the cluster has no answer: it verifies a signature.</summary>
    private PeerLookup? Known(PeerId peer) => _cache.Find(peer) is { } cached && IsCurrent(cached.SignedRecord) ? cached : null;

    private bool IsCurrent(byte[]? signedRecord) =>
        signedRecord is not null && PeerRecord.TryVerify(signedRecord, _client.Network, out var record) && record!.IsCurrent(_timeProvider.GetUtcNow());

    /// <summary>Runs a loop until disposal. A loop ends by itself only through a bug in a callback, which must not end the gateway's link.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> loop)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await loop(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                ClusterLog.LoopFailed(_logger, e);
                await Task.Delay(MaxBackOff, _timeProvider, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        var backOff = MinBackOff;
        while (true)
        {
            var reply = await _client
                .ExchangeAsync(_gatewayId, _mailbox.Epoch, _mailbox.AckedThrough, _directory.Version, _policyVersion, _heartbeat(), _proof, cancellationToken)
                .ConfigureAwait(false);
            var isAnswered = reply.TryGet(out var exchange);
            NoteReachable(isAnswered);
            if (isAnswered && exchange!.Status == ExchangeStatus.Ok)
            {
                backOff = MinBackOff;
                Handle(exchange);
                continue;
            }

            if (isAnswered && exchange!.Status == ExchangeStatus.Unproven)
                ClusterLog.NotBelieved(_logger);
            if (isAnswered && exchange!.Status == ExchangeStatus.Superseded)
                ClusterLog.GatewaySuperseded(_logger);
            await Task.Delay(backOff * Jitter(), _timeProvider, cancellationToken).ConfigureAwait(false);
            backOff = backOff * 2 < MaxBackOff ? backOff * 2 : MaxBackOff;
        }
    }

    private void Handle(ExchangeReply exchange)
    {
        // A lost mailbox tells that a silo was lost: zones may be as well.
        if (_mailbox.Enter(exchange.MailboxEpoch))
            _announcer.RequestAll();
        foreach (var command in exchange.Commands)
        {
            if (!_mailbox.Accept(command))
                continue;
            if (command.Command is SupersededCommand superseded)
                _peers.Superseded(superseded.Peer, superseded.ByEpoch);
            else
                _peers.Deliver(command.Command);
        }

        _policyVersion = exchange.PolicyVersion;
        _policy?.Note(exchange.PolicyVersion);
        if (exchange.Directory is not { } directory)
            return;
        _directory = directory;
        _announcer.Compare(directory.ZoneEpochs);
        var own = Array.Find(directory.Gateways, entry => entry.Gateway == _gatewayId);
        if (own is not null && own.Since != _listedSince)
        {
            _listedSince = own.Since;
            _announcer.RequestAll();
        }
    }

    private void NoteReachable(bool isReachable)
    {
        _isAway = !isReachable;
        if (isReachable == _isClusterReachable)
            return;
        _isClusterReachable = isReachable;
        if (isReachable)
        {
            ClusterLog.Reached(_logger);
            _announcer.RequestAll();
        }
        else
        {
            ClusterLog.Lost(_logger);
        }
    }

    /// <summary>Half to one and a half: gateways that lost the cluster together must not come back together.</summary>
    private static double Jitter() => 0.5 + Random.Shared.NextDouble();
}
