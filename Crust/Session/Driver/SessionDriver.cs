using System.Net;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Handshakes;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// Runs one <see cref="SessionMachine"/>: a <see cref="LinkPump"/> for the active link, one timer, one lock around the machine. The active
/// link can be exchanged for another of the same session. Thread safe. Owns its links.
/// </summary>
internal sealed class SessionDriver : ILinkCarrier, IAsyncDisposable
{
    /// <summary>The priority of messages that name none.</summary>
    internal const byte DefaultPriority = 1;

    /// <summary>How long a graceful close may take before the session is cut. Ours: a peer that never reads must not hold us.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly SessionMachine _machine;
    private readonly SessionParameters _parameters;
    private readonly ISessionOwner _owner;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly InboundDispatcher _inbound;
    private readonly SendWaiters _waiters = new();
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _endedLinks = [];
    private LinkPump? _active;
    private Instant? _timerDue;
    private Task _ending = Task.CompletedTask;
    private bool _isEnding;
    private object? _tag;

    internal SessionDriver(SessionParameters parameters, SessionId sessionId, ISessionOwner owner, MonotonicClock clock, ILogger logger)
    {
        _parameters = parameters;
        SessionId = sessionId;
        _owner = owner;
        _clock = clock;
        _logger = logger;
        _machine = new SessionMachine(parameters, clock.Now);
        _inbound = new InboundDispatcher(owner.FindHandler, Consumed, clock.TimeProvider, logger);
        _timer = clock.TimeProvider.CreateTimer(static s => ((SessionDriver)s!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal PeerId Remote => _parameters.Remote;

    internal SessionId SessionId { get; }

    internal bool ReceivesSigned => _parameters.ReceiveSigned;

    internal bool SendsSigned => _parameters.SendSigned;

    /// <summary>Ends when the session is over, its links are closed and what it delivered is handled; never faults.</summary>
    internal Task Completion => _completion.Task;

    /// <summary>How it ended; null while it lives.</summary>
    internal SessionClosure? Closure { get; private set; }

    /// <summary>The way of the active link, or of the last one.</summary>
    internal ConnectionPath Path { get; private set; }

    internal IPEndPoint? LocalEndPoint { get; private set; }

    internal IPEndPoint? RemoteEndPoint { get; private set; }

    /// <summary>True when the active link was begun by us.</summary>
    internal bool ActiveLinkIsOurs { get; private set; }

    /// <summary>The node's own object for this session, made at first use, once.</summary>
    internal object GetOrSetTag(Func<SessionDriver, object> make)
    {
        if (_tag is null)
            Interlocked.CompareExchange(ref _tag, make(this), null);
        return _tag;
    }

    internal SessionStatistics Statistics
    {
        get
        {
            lock (_gate)
                return _machine.Statistics;
        }
    }

    /// <summary>The node has told of the session's beginning: from now on it may tell of its end.</summary>
    internal void Announced() => _announced.TrySetResult();

    /// <summary>Makes the link the active one; an earlier link is dropped. False when the session is over: the link stays the caller's.</summary>
    internal bool TryAttach(SecureLink link)
    {
        lock (_gate)
        {
            if (_isEnding)
                return false;
            if (_active is { } old)
            {
                _endedLinks.Add(old.Ended);
                old.Stop("replaced by a better link");
            }

            if (_active is not null || Path != default || RemoteEndPoint is not null)
                _machine.HandleLinkChanged(_clock.Now);
            _active = new LinkPump(link, this, _clock);
            Path = link.Path;
            LocalEndPoint = link.Pipe.Link.LocalEndPoint as IPEndPoint;
            RemoteEndPoint = link.Pipe.Link.RemoteEndPoint as IPEndPoint;
            ActiveLinkIsOurs = link.Result.IsInitiator;
            _endedLinks.RemoveAll(static t => t.IsCompleted);
            _active.Start();
            return true;
        }
    }

    /// <summary>Queues a message; waits while the queue is full. Returns once it is queued, not once it is sent.</summary>
    internal async ValueTask SendAsync(string protocol, ReadOnlyMemory<byte> ownedPayload, byte priority, CancellationToken cancellationToken) =>
        _ = await QueueAsync(protocol, ownedPayload, priority, confirm: false, cancellationToken).ConfigureAwait(false);

    /// <summary>Queues a message if there is room now; false when there is none, or the session is over.</summary>
    internal bool TrySend(string protocol, ReadOnlyMemory<byte> ownedPayload, byte priority)
    {
        lock (_gate)
        {
            var queued = _machine.TrySend(protocol, priority, ownedPayload, 0, _clock.Now) == SendResult.Queued;
            if (queued)
                _active?.Wake();
            return queued;
        }
    }

    /// <summary>Queues a message and waits until the peer has received and verified it. Cancelling stops the wait, not the message.</summary>
    internal async Task SendAndConfirmAsync(string protocol, ReadOnlyMemory<byte> ownedPayload, byte priority, CancellationToken cancellationToken)
    {
        var outcome = await QueueAsync(protocol, ownedPayload, priority, confirm: true, cancellationToken).ConfigureAwait(false);
        await outcome.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends what is queued, says goodbye and closes; cut after <see cref="Linger"/>. Does not wait for handlers: one of them may be the caller.
    /// </summary>
    internal async Task CloseAsync(GoodbyeCode code, string reason)
    {
        lock (_gate)
        {
            _machine.Close(code, reason);
            Drain();
            Reschedule();
        }

        WakeWriter();
        try
        {
            await _disconnected.Task.WaitAsync(Linger, _clock.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            End(code, reason);
            await _disconnected.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Says goodbye at once, without waiting for what is queued or for handlers, and closes.</summary>
    internal Task AbortAsync(GoodbyeCode code, string reason)
    {
        End(code, reason);
        return _disconnected.Task;
    }

    /// <summary>As <see cref="AbortAsync"/>, since the node stops; waits for handlers too.</summary>
    public async ValueTask DisposeAsync()
    {
        await AbortAsync(GoodbyeCode.GoingAway, "The node stopped.").ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
        await _ending.ConfigureAwait(false);
    }

    private async Task<Task> QueueAsync(string protocol, ReadOnlyMemory<byte> payload, byte priority, bool confirm, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                var (token, outcome) = confirm ? _waiters.Expect(protocol) : (0, Task.CompletedTask);
                var result = _machine.TrySend(protocol, priority, payload, token, _clock.Now);
                if (result == SendResult.Queued)
                {
                    _active?.Wake();
                    return outcome;
                }

                _waiters.Forget(token);
                switch (result)
                {
                    case SendResult.TooLarge:
                        throw new ArgumentException($"A message has at most {WireLimits.MaxMessageLength} bytes; this one has {payload.Length}.", nameof(payload));
                    case SendResult.InvalidProtocol:
                        throw new ArgumentException($"'{protocol}' is not a protocol name: 1 to 64 printable ASCII characters, at most 1,024 names in a session.", nameof(protocol));
                    case SendResult.Closed:
                        throw new SessionEndedException(Closure?.Reason ?? "The session is closing.", outcomeUnknown: false);
                }

                room = _waiters.Room();
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    bool ILinkCarrier.HandleRecord(LinkPump link, ReadOnlySpan<byte> plaintext)
    {
        lock (_gate)
        {
            if (_active != link)
                return false;
            var goesOn = _machine.Handle(plaintext, _clock.Now);
            Drain();
            Reschedule();
            link.Wake();
            return goesOn && !_machine.IsClosed;
        }
    }

    /// <inheritdoc/>
    int ILinkCarrier.NextRecord(LinkPump link, RecordSizer sizer, Span<byte> plaintext, out bool over)
    {
        lock (_gate)
        {
            if (_active != link)
            {
                over = true;
                return 0;
            }

            var now = _clock.Now;
            var length = _machine.PollRecord(plaintext[..sizer.NextBytes(now)], now, _clock.UnixMilliseconds);
            sizer.Sent(length, now);
            Drain();
            Reschedule();
            over = _machine.IsClosed;
            return length;
        }
    }

    /// <inheritdoc/>
    bool ILinkCarrier.OwesGoodbye(LinkPump link)
    {
        lock (_gate)
            return _active == link && _machine.IsClosed;
    }

    /// <inheritdoc/>
    void ILinkCarrier.LinkFaulted(LinkPump link, Exception exception)
    {
        Log.SessionDriverFailed(_logger, Remote.ToShortString(), exception);
        End(GoodbyeCode.InternalError, "The session's driver failed.");
    }

    /// <inheritdoc/>
    async Task ILinkCarrier.LinkEndedAsync(LinkPump link)
    {
        lock (_gate)
        {
            if (_active != link || _isEnding)
                return;
            _active = null;
        }

        // Two peers that dial each other at once drop one of the two links: the other may be a moment away.
        await _owner.LinksSettledAsync(this).ConfigureAwait(false);
        lock (_gate)
        {
            if (_active is not null)
                return;
        }

        End(GoodbyeCode.GoingAway, "The link was lost.");
    }

    private void Consumed(int payloadLength)
    {
        lock (_gate)
        {
            _machine.Consumed(payloadLength);
            Drain();
            Reschedule();
        }

        WakeWriter();
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _timerDue = null;
            _machine.HandleTimeout(_clock.Now);
            Drain();
            Reschedule();
        }

        WakeWriter();
    }

    private void WakeWriter()
    {
        lock (_gate)
            _active?.Wake();
    }

    /// <summary>Passes on what the machine has to tell. Under the lock.</summary>
    private void Drain()
    {
        while (_machine.PollEvent(out var e))
        {
            switch (e.Kind)
            {
                case SessionEventKind.MessageReceived:
                    if (!_inbound.TryDispatch(new DeliveredMessage(this, e.Protocol!, e.Payload, e.Number, _parameters.ReceiveSigned)))
                    {
                        _machine.Refuse(e.Number, (int)RefuseCode.UnknownProtocol);
                        _machine.Consumed(e.Payload!.Length);
                    }

                    break;
                case SessionEventKind.Writable:
                    _waiters.RoomAgain();
                    break;
                case SessionEventKind.Closed:
                    Closure = new SessionClosure((GoodbyeCode)e.Code, e.Reason ?? "", e.ByRemote);
                    _waiters.RoomAgain();
                    BeginEnding();
                    break;
                default:
                    _waiters.Settle(e, "The session ended before the message was acknowledged.");
                    break;
            }
        }
    }

    /// <summary>Sets the timer to the machine's deadline. Under the lock.</summary>
    private void Reschedule()
    {
        var due = _isEnding ? null : _machine.PollTimeout();
        if (due == _timerDue)
            return;
        _timerDue = due;
        var wait = due is null ? Timeout.InfiniteTimeSpan : due.Value - _clock.Now;
        _timer.Change(wait < TimeSpan.Zero && due is not null ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the session now, whatever is queued.</summary>
    private void End(GoodbyeCode code, string reason)
    {
        lock (_gate)
        {
            if (!_machine.IsClosed)
                _machine.Abort(code, reason);
            Drain();
            _active?.Wake();
        }
    }

    /// <summary>Starts the one task that winds the session up. Under the lock.</summary>
    private void BeginEnding()
    {
        if (_isEnding)
            return;
        _isEnding = true;
        _ending = Task.Run(FinishAsync);
    }

    private async Task FinishAsync()
    {
        LinkPump? last;
        Task[] links;
        lock (_gate)
        {
            last = _active;
            links = [.. _endedLinks, last?.Ended ?? Task.CompletedTask];
            last?.Wake();
        }

        // The goodbye still goes out; a peer that does not read is cut.
        var all = Task.WhenAll(links);
        try
        {
            await all.WaitAsync(Linger, _clock.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            last?.Stop("the peer did not read");
            await all.ConfigureAwait(false);
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await _announced.Task.ConfigureAwait(false);
        _owner.SessionEnded(this);
        Log.SessionEnded(_logger, Remote.ToShortString(), Closure?.Reason ?? "");
        _disconnected.TrySetResult();
        // What was acknowledged is handled before the session counts as over.
        await _inbound.DisposeAsync().ConfigureAwait(false);
        _completion.TrySetResult();
    }
}
