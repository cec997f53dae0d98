using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// Keeps a peer attached to one gateway: finds one among its contacts, attaches with a signed record, renews the statement, and moves to
/// another gateway when this one is lost, or is drained: then it attaches there first. Runs from <see cref="Start"/> to disposal. Thread safe.
/// </summary>
internal sealed class GatewayAttachment : IAsyncDisposable
{
    /// <summary>Renewal of the signed statement: half the clock tolerance that gateways grant, so that a statement at hand is always fresh.</summary>
    private static readonly TimeSpan RenewalInterval = Attachment.ClockTolerance / 2;

    /// <summary>Between the wish to renew and the renewal. Gateways take one a second.</summary>
    private static readonly TimeSpan RenewalPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The first renewal while no other gateway is known, doubled up to the ordinary one: a gateway that has just started knows of no other yet.</summary>
    private static readonly TimeSpan LonelyRenewal = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for the first answer of a gateway. Ours: two that are mute leave time for a third within the ten seconds of a start.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(4);

    /// <summary>Pause after a round in which no contact took us: doubles from the first to the second, with jitter.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250), LastPause = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Pause after none took us in place of one that is drained, doubled up to <see cref="LastPause"/>. Ours: gateways take one attachment a second, and each try asks the drained one for others.
    /// </summary>
    private static readonly TimeSpan FirstMovePause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Pause after a gateway said that a newer process runs under our identity. Long, since the older one never wins and should not ask again and again; not for ever, since the newer one may go, and
    /// a gateway's word alone should not keep us off for good.
    /// </summary>
    private static readonly TimeSpan ElsewherePause = TimeSpan.FromMinutes(5);

    private readonly AttachmentOptions _options;
    private readonly Func<IReadOnlyList<PeerAddress>, CancellationToken, Task<SessionDriver?>> _connect;
    private readonly Func<IReadOnlyList<PeerAddress>> _ownAddresses;
    private readonly PublishedRecord _record;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly GatewayContacts _contacts;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private readonly AsyncSignal _renewalWanted = new();
    private readonly BreakablePause _pause;
    private readonly SurplusSessions _surplus;
    private readonly RunningTasks _probes = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<bool> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isElsewhere;
    private GatewayClient? _talking;
    private GatewayClient? _client;
    private GatewayClient? _left;
    private Task _loop = Task.CompletedTask;

    /// <param name="options">Who attaches, where.</param>
    /// <param name="connect">Opens a session with a gateway at one of its addresses; null when it cannot be reached.</param>
    /// <param name="ownAddresses">What to publish.</param>
    /// <param name="clock">The node's clock.</param>
    /// <param name="logger">Where the operator reads.</param>
    internal GatewayAttachment(
        AttachmentOptions options, Func<IReadOnlyList<PeerAddress>, CancellationToken, Task<SessionDriver?>> connect,
        Func<IReadOnlyList<PeerAddress>> ownAddresses, MonotonicClock clock, ILogger logger)
    {
        _options = options;
        _connect = connect;
        _ownAddresses = ownAddresses;
        _clock = clock;
        _logger = logger;
        _contacts = new GatewayContacts(options.Contacts, options.MayContact, options.Remembered);
        _record = new PublishedRecord(options.Identity, options.Network);
        _pause = new BreakablePause(clock.TimeProvider);
        _surplus = new SurplusSessions(() => Current?.Session, clock.TimeProvider, _stopped.Token);
    }

    /// <summary>The gateway we are attached to; null while there is none.</summary>
    internal GatewayClient? Current
    {
        get
        {
            lock (_gate)
                return _client;
        }
    }

    /// <summary>The gateway took us, for the first time or again. Subscribers must return soon.</summary>
    internal event Action? Renewed;

    /// <summary>What we publish changed: attach again with a new record, soon.</summary>
    internal void Renew() => _renewalWanted.Set();

    /// <summary>True after a gateway said that a newer process runs under our identity, until another try begins.</summary>
    internal bool IsElsewhere => _isElsewhere;

    /// <summary>Our newest signed record; empty before the first attachment.</summary>
    internal byte[] SignedRecord => _record.Signed;

    /// <summary>Where the gateway saw us last.</summary>
    internal IPEndPoint? Observed { get; private set; }

    /// <summary>Bits for the record besides addresses: <see cref="PeerRecord.Capabilities"/>. Default none. What changes is published with the next renewal.</summary>
    internal Func<uint> Capabilities { get; set; } = static () => 0;

    /// <summary>The node attached, or attached elsewhere. Raised on the attachment's own thread; subscribers must return soon.</summary>
    internal event Action? Attached;

    /// <summary>A gateway did not take us: which session, and what it said; null: nothing. Subscribers must return soon.</summary>
    internal event Action<SessionDriver, GatewayStatus?>? Refused;

    /// <summary>Gateways that an attached one named and that may be dialled.</summary>
    internal IReadOnlyList<PeerAddress> Contacts => _contacts.InOrder(lost: null);

    /// <summary>From now on, until attached, the gateways are not tried; if the present one is among them it is left.</summary>
    internal async Task LeaveAsync(IReadOnlySet<PeerId> excluded)
    {
        _contacts.Excluded = excluded;
        if (Current is { } client && excluded.Contains(client.Gateway))
            await client.Session.CloseAsync(GoodbyeCode.Normal, "Attaching to another gateway.").ConfigureAwait(false);
    }

    /// <summary>Where gateways answer STUN, the one we are attached to first.</summary>
    internal IReadOnlyList<NatServer> StunServersOf(bool isTcp, AddressFamily family)
    {
        var client = Current;
        var reachedAt = client?.Session.RemoteEndPoint?.Address;
        return StunTargets.For(
            isTcp, family, client?.Gateway, reachedAt is { IsIPv4MappedToIPv6: true } ? reachedAt.MapToIPv4() : reachedAt, client?.Stun, _contacts.InOrder(lost: null));
    }

    internal void Start()
    {
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>
    /// There is reason to think that the gateway, or the way to it, is gone: it is asked for a sign of life, and without one the attachment moves on. May be called again and again.
    /// </summary>
    internal void Doubt()
    {
        if (!_stopped.IsCancellationRequested && Current is { } client && _probes.Count == 0)
            _probes.Add(client.ProbeAsync(_stopping.Task));
    }

    /// <summary>Ends once attached, with true; with false when a gateway says that a newer process runs under our identity.</summary>
    internal Task<bool> WaitUntilAttachedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return _attached.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends once attached in another session than one that did not answer, with true; with false when a gateway says that a newer process runs under our identity.</summary>
    internal async Task<bool> WaitForAnotherAsync(GatewayClient? asked, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_client is { } client && client != asked)
                    return true;
                if (_isElsewhere)
                    return false;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a message of the gateway protocol from a session: of the gateway that we talk with, the one we are attached to, or the one that we left just now.</summary>
    /// <returns>The introduction, if it is one.</returns>
    internal Introduction? Handle(DeliveredMessage message)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var envelope))
            return null;
        GatewayClient? from;
        lock (_gate)
        {
            from = _talking?.Session == message.Session ? _talking
                : _client?.Session == message.Session ? _client
                : _left?.Session == message.Session ? _left : null;
        }

        switch (envelope.BodyCase)
        {
            case GatewayEnvelope.BodyOneofCase.Introduction when from is not null:
                return envelope.Introduction;
            case GatewayEnvelope.BodyOneofCase.DrainNotice when from is not null:
                _contacts.Learn(envelope.DrainNotice.Gateways);
                from.HandleDrain();
                Renew();
                break;
            default:
                from?.HandleResponse(envelope);
                break;
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _surplus.Closing.ConfigureAwait(false);
        _stopping.TrySetResult();
        await _probes.WhenEndedAsync().ConfigureAwait(false);
        _stopped.Dispose();
        lock (_gate)
            _attached.TrySetCanceled();
    }

    private async Task RunAsync()
    {
        PeerId? lost = null;
        var pause = FirstPause;
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var client = await FindGatewayAsync(lost).ConfigureAwait(false);
                if (_isElsewhere)
                {
                    await WaitElsewhereAsync().ConfigureAwait(false);
                    continue;
                }

                if (client is null)
                {
                    Log.NoGateway(_logger, pause);
                    var isBroken = await _pause.WaitAsync(Jitter(pause), _stopped.Token).ConfigureAwait(false);
                    pause = isBroken ? FirstPause : pause * 2 < LastPause ? pause * 2 : LastPause;
                    continue;
                }

                pause = FirstPause;
                for (var next = client; next is not null;)
                {
                    lost = next.Gateway;
                    next = await StayAsync(next).ConfigureAwait(false);
                }

                if (_isElsewhere)
                    await WaitElsewhereAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The loop must outlive what one gateway makes of it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.AttachmentFailed(_logger, e);
                await Task.Delay(Jitter(LastPause), _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitElsewhereAsync()
    {
        lock (_gate)
        {
            _attached.TrySetResult(false);
            Changed();
        }

        await Task.Delay(Jitter(ElsewherePause), _clock.TimeProvider, _stopped.Token).ConfigureAwait(false);
        lock (_gate)
        {
            _attached = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _isElsewhere = false;
        }
    }

    /// <param name="lost">The gateway that was lost: tried last.</param>
    /// <param name="leaving">The gateway that we are still attached to, and leave: not tried.</param>
    private async Task<GatewayClient?> FindGatewayAsync(PeerId? lost, PeerId? leaving = null)
    {
        var waves = new Queue<IReadOnlyList<IReadOnlyList<PeerAddress>>>(_contacts.InWaves(_options.Identity.Id, lost, leaving));
        var connecting = new List<Task<SessionDriver?>>();
        while (waves.Count + connecting.Count > 0)
        {
            if (waves.TryDequeue(out var wave))
                connecting.AddRange(wave.Select(contact => _connect(contact, _stopped.Token)));
            // Whoever waits for others to answer need not wait for nobody.
            if (connecting.Count == 0)
                continue;
            if (await ContactRace.FirstAsync(connecting, waves.Count > 0, _clock.TimeProvider, _stopped.Token).ConfigureAwait(false) is not { } done)
                continue;
            connecting.Remove(done);
            if (await done.ConfigureAwait(false) is not { } session)
                continue;
            // A gateway keeps nothing of a session that lost its link: better to find another at once.
            session.EndWithLink();
            var client = new GatewayClient(session, _clock.TimeProvider);
            lock (_gate)
                _talking = client;
            if (await AttachAsync(client).ConfigureAwait(false))
            {
                // One attachment is enough: what the others may still yield is closed.
                _surplus.Close(connecting);
                return client;
            }

            if (_isElsewhere)
            {
                // The others would say the same.
                _surplus.Close(connecting);
                return null;
            }
        }

        return null;
    }

    /// <summary>Holds the attachment until its session ends, a renewal is refused, or the gateway is drained and another one has taken us, which it returns.</summary>
    private async Task<GatewayClient?> StayAsync(GatewayClient client)
    {
        GatewayClient? next = null;
        lock (_gate)
        {
            _client = client;
            _attached.TrySetResult(true);
            Changed();
        }

        _contacts.Excluded = new HashSet<PeerId>();
        Log.Attached(_logger, client.Gateway.ToShortString());
        Attached?.Invoke();
        Renewed?.Invoke();
        try
        {
            var (lonely, move, isMoving) = (LonelyRenewal, FirstMovePause, false);
            while (true)
            {
                var renewal = isMoving ? Jitter(move) : _contacts.KnowsOtherThan(client.Gateway) || lonely > RenewalInterval ? RenewalInterval : lonely;
                // No further: doubled at each renewal it passed what a time span holds after three hours, and the attachment was lost.
                lonely = lonely > RenewalInterval ? lonely : lonely * 2;
                if (await EndsAsync(client.Session.Completion, renewal).ConfigureAwait(false))
                    break;
                // Told just now, we go. Where nobody took us, the drained gateway is asked again: for others, and whether it is drained still.
                if (isMoving || !client.IsDraining)
                {
                    if (!await AttachAsync(client).ConfigureAwait(false))
                        break;
                    Renewed?.Invoke();
                }

                (move, isMoving) = (isMoving ? move * 2 < LastPause ? move * 2 : LastPause : FirstMovePause, client.IsDraining);
                if (isMoving && ((next = await FindGatewayAsync(client.Gateway, client.Gateway).ConfigureAwait(false)) is not null || _isElsewhere))
                    break;
            }
        }
        finally
        {
            NoteEnd(client);
            lock (_gate)
            {
                _client = next;
                _left = next is null ? null : client;
                if (next is null && !_stopped.IsCancellationRequested)
                    _attached = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        if (next is null)
        {
            Log.AttachmentLost(_logger, client.Gateway.ToShortString());
            return null;
        }

        Log.AttachmentMoved(_logger, client.Gateway.ToShortString(), next.Gateway.ToShortString());
        _surplus.Part(client);
        return next;
    }

    /// <summary>Ends with true when the session does; with false when it is time for a renewal, or a moment after one is wanted, so that several changes make one.</summary>
    private async Task<bool> EndsAsync(Task completion, TimeSpan renewal)
    {
        using var timeout = new CancellationTokenSource(renewal, _clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
        var wanted = _renewalWanted.WaitAsync(either.Token).AsTask();
        await Task.WhenAny(completion, wanted).ConfigureAwait(false);
        if (completion.IsCompleted)
        {
            await either.CancelAsync().ConfigureAwait(false);
            // One waits at a time.
            await wanted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        }

        _stopped.Token.ThrowIfCancellationRequested();
        if (wanted.IsCompletedSuccessfully)
            await Task.WhenAny(completion, Task.Delay(RenewalPause, _clock.TimeProvider, _stopped.Token)).ConfigureAwait(false);
        _stopped.Token.ThrowIfCancellationRequested();
        return completion.IsCompleted;
    }

    private async Task<bool> AttachAsync(GatewayClient client)
    {
        Observed = await client.ObserveAsync(_stopped.Token, client.HasAnswered ? null : FirstAnswer).ConfigureAwait(false) ?? Observed;
        if (!client.HasAnswered)
        {
            // No gateway, or one in trouble: the others must not wait for it.
            NoteEnd(client);
            Refused?.Invoke(client.Session, null);
            Log.AttachmentRefused(_logger, client.Gateway.ToShortString(), "no answer");
            return false;
        }

        var now = _clock.TimeProvider.GetUtcNow();
        _record.Update(_ownAddresses(), Capabilities(), now);
        var statement = Attachment.Sign(_options.Identity, _options.Network, client.Gateway, _options.Epoch, now);
        var response = await client.AttachAsync(statement, _record.Signed, _stopped.Token).ConfigureAwait(false);
        if (response is { Status: GatewayStatus.Stale })
        {
            // The cluster knows a record of a clock that ran ahead of ours, or another process has our key: outbid it once.
            _record.Outbid(now);
            response = await client.AttachAsync(statement, _record.Signed, _stopped.Token).ConfigureAwait(false);
        }

        // UNAVAILABLE and STORAGE_UNAVAILABLE: attached here, known elsewhere once the cluster is back. DRAINING: attached still, but not for long, or not taken; it names others in both cases.
        var isDraining = response is { Status: GatewayStatus.Draining };
        if (isDraining || response is { Status: GatewayStatus.Ok or GatewayStatus.Unavailable or GatewayStatus.StorageUnavailable })
        {
            _contacts.Learn(response!.Gateways);
            if (!isDraining || client == Current)
                return true;
        }

        // Ended by a gateway that says why, it may not have answered.
        NoteEnd(client);
        _isElsewhere |= response is { Status: GatewayStatus.Superseded };
        Refused?.Invoke(client.Session, response?.Status);
        Log.AttachmentRefused(_logger, client.Gateway.ToShortString(), response?.Status.ToString() ?? "no answer");
        return false;
    }

    private void OnAddressChanged(object? sender, EventArgs e)
    {
        _pause.Break();
        Doubt();
    }

    /// <summary>Whoever waits for another gateway looks again. Under the lock.</summary>
    private void Changed()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void NoteEnd(GatewayClient client) => _isElsewhere |= client.Session.Closure is { ByRemote: true, Code: GoodbyeCode.IdentityElsewhere };

    /// <summary>Half to one and a half: many peers that lost one gateway do not come back in step.</summary>
    private static TimeSpan Jitter(TimeSpan pause)
    {
        Span<byte> random = stackalloc byte[1];
        SecureRandom.Fill(random);
        return pause * (0.5 + random[0] / 255.0);
    }
}
