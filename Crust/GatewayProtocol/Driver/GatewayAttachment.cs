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
/// another gateway when this one is lost. Runs from <see cref="Start"/> to disposal. Thread safe.
/// </summary>
internal sealed class GatewayAttachment : IAsyncDisposable
{
    /// <summary>Renewal of the signed statement: half the clock tolerance that gateways grant, so that a statement at hand is always fresh.</summary>
    private static readonly TimeSpan RenewalInterval = Attachment.ClockTolerance / 2;

    /// <summary>Between the wish to renew and the renewal. Gateways take one a second.</summary>
    private static readonly TimeSpan RenewalPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The first renewal while no other gateway is known, doubled up to the ordinary one: a gateway that has just started knows of no other yet.</summary>
    private static readonly TimeSpan LonelyRenewal = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Contacts are tried one by one, but none is waited for longer than this before the next one is tried too. Ours: most have answered by then, and sessions without a path wait for it.
    /// </summary>
    private static readonly TimeSpan ContactPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>Pause after a round in which no contact took us: doubles from the first to the second, with jitter.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250), LastPause = TimeSpan.FromSeconds(10);

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
    private readonly SemaphoreSlim _renewalWanted = new(0, 1);
    private readonly BreakablePause _pause;
    private readonly RunningTasks _probes = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<bool> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isElsewhere;
    private GatewayClient? _talking;
    private GatewayClient? _client;
    private Task _loop = Task.CompletedTask;
    private Task _surplus = Task.CompletedTask;

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
        _contacts = new GatewayContacts(options.Contacts, options.MayContact);
        _record = new PublishedRecord(options.Identity, options.Network);
        _pause = new BreakablePause(clock.TimeProvider);
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
    internal void Renew()
    {
        try
        {
            _renewalWanted.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is about to, or over.
        }
    }

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

    /// <summary>Takes a message of the gateway protocol from a session: a response to the gateway we talk with, or an introduction from the one we are attached to.</summary>
    /// <returns>The introduction, if it is one.</returns>
    internal Introduction? Handle(DeliveredMessage message)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var envelope))
            return null;
        GatewayClient? talking;
        lock (_gate)
            talking = _talking;
        if (talking is null || talking.Session != message.Session)
            return null;
        if (envelope.BodyCase == GatewayEnvelope.BodyOneofCase.Introduction)
            return envelope.Introduction;
        talking.HandleResponse(envelope);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _surplus.ConfigureAwait(false);
        _stopping.TrySetResult();
        await _probes.WhenEndedAsync().ConfigureAwait(false);
        _stopped.Dispose();
        _renewalWanted.Dispose();
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
                await StayAsync(client).ConfigureAwait(false);
                lost = client.Gateway;
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

    private async Task<GatewayClient?> FindGatewayAsync(PeerId? lost)
    {
        var contacts = new Queue<IReadOnlyList<PeerAddress>>(_contacts.ByGateway(lost).Where(c => c[0].Peer != _options.Identity.Id));
        var connecting = new List<Task<SessionDriver?>>();
        while (contacts.Count + connecting.Count > 0)
        {
            if (contacts.TryDequeue(out var contact))
                connecting.Add(_connect(contact, _stopped.Token));
            if (await FirstAsync(connecting, contacts.Count > 0).ConfigureAwait(false) is not { } done)
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
                _surplus = Task.WhenAll(connecting.Append(_surplus).Select(CloseAsync));
                return client;
            }

            if (_isElsewhere)
            {
                // The others would say the same.
                _surplus = Task.WhenAll(connecting.Append(_surplus).Select(CloseAsync));
                return null;
            }
        }

        return null;
    }

    /// <summary>The first contact that answers or fails; null when it is time to try another one beside it.</summary>
    private async Task<Task<SessionDriver?>?> FirstAsync(List<Task<SessionDriver?>> connecting, bool moreWait)
    {
        var first = Task.WhenAny(connecting);
        if (!moreWait)
            return await first.ConfigureAwait(false);
        try
        {
            return await first.WaitAsync(ContactPatience, _clock.TimeProvider, _stopped.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private async Task CloseAsync(Task connecting)
    {
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting is Task<SessionDriver?> { IsCompletedSuccessfully: true } done && await done.ConfigureAwait(false) is { } session && session != Current?.Session)
            await session.CloseAsync(GoodbyeCode.Normal, "Attached to another gateway.").ConfigureAwait(false);
    }

    /// <summary>Holds the attachment until its session ends or a renewal is refused.</summary>
    private async Task StayAsync(GatewayClient client)
    {
        lock (_gate)
        {
            _client = client;
            _attached.TrySetResult(true);
            Changed();
        }

        Log.Attached(_logger, client.Gateway.ToShortString());
        Attached?.Invoke();
        Renewed?.Invoke();
        try
        {
            var lonely = LonelyRenewal;
            while (true)
            {
                var renewal = _contacts.KnowsOtherThan(client.Gateway) || lonely > RenewalInterval ? RenewalInterval : lonely;
                lonely *= 2;
                if (await EndsAsync(client.Session.Completion, renewal).ConfigureAwait(false))
                    break;
                if (!await AttachAsync(client).ConfigureAwait(false))
                    break;
                Renewed?.Invoke();
            }
        }
        finally
        {
            NoteEnd(client);
            lock (_gate)
            {
                _client = null;
                if (!_stopped.IsCancellationRequested)
                    _attached = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        Log.AttachmentLost(_logger, client.Gateway.ToShortString());
    }

    /// <summary>Ends with true when the session does; with false when it is time for a renewal, or a moment after one is wanted, so that several changes make one.</summary>
    private async Task<bool> EndsAsync(Task completion, TimeSpan renewal)
    {
        using var timeout = new CancellationTokenSource(renewal, _clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
        var wanted = _renewalWanted.WaitAsync(either.Token);
        await Task.WhenAny(completion, wanted).ConfigureAwait(false);
        if (completion.IsCompleted)
        {
            await either.CancelAsync().ConfigureAwait(false);
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
        Observed = await client.ObserveAsync(_stopped.Token).ConfigureAwait(false) ?? Observed;
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

        // UNAVAILABLE and STORAGE_UNAVAILABLE: attached here, known elsewhere once the cluster is back.
        if (response is { Status: GatewayStatus.Ok or GatewayStatus.Unavailable or GatewayStatus.StorageUnavailable })
        {
            _contacts.Learn(response.Gateways);
            return true;
        }

        // Ended by a gateway that says why, it may not have answered.
        NoteEnd(client);
        _isElsewhere |= response is { Status: GatewayStatus.Superseded };
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
