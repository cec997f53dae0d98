using System.Net;
using Crust.Buffers;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Circuits.Driver;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Streams;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// Runs one <see cref="SessionMachine"/>: one lock and one timer around it, and what applications ask of it. Its links are in <see cref="SessionLinks"/>,
/// its end in <see cref="SessionEnding"/>. Thread safe. Owns its links.
/// </summary>
internal sealed class SessionDriver : ISignalling, IAsyncDisposable
{
    /// <summary>The priority of messages that name none.</summary>
    internal const byte DefaultPriority = 1;

    /// <summary>Why a session ended that was to end with its link.</summary>
    internal const string LinkLost = "The link was lost.";

    private readonly SessionMachine _machine;
    private readonly SessionParameters _parameters;
    private readonly ISessionOwner _owner;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly InboundDispatcher _inbound;
    private readonly StreamEndpoints _streams;
    private readonly SessionLinks _links;
    private readonly SessionEnding _ending;
    private bool _isDraining;
    private readonly MachineTimer _timer;
    private object? _tag;

    internal SessionDriver(SessionParameters parameters, SessionId sessionId, ISessionOwner owner, MonotonicClock clock, ILogger logger)
    {
        _parameters = parameters;
        SessionId = sessionId;
        _owner = owner;
        _clock = clock;
        _logger = logger;
        _machine = new SessionMachine(parameters, clock.Now);
        _inbound = new InboundDispatcher(owner, this, clock.TimeProvider, logger);
        _streams = new StreamEndpoints(this, owner, _inbound);
        _links = new SessionLinks(this, _machine, clock, logger);
        _ending = new SessionEnding(this, owner, clock, logger);
        Hashing = new PayloadHashing(parameters.SendSigned, parameters.LeavesUnsigned);
        Sender = new MessageSender(this, Hashing);
        _timer = new MachineTimer(clock, OnTimer);
    }

    public PeerId Remote => _parameters.Remote;

    internal SessionId SessionId { get; }

    /// <summary>32 secret bytes that both ends share, for connectivity checks of this session.</summary>
    public byte[] CheckSecret => _parameters.CheckSecret;

    internal bool ReceivesSigned => _parameters.ReceiveSigned;

    internal bool SendsSigned => _parameters.SendSigned;

    internal PayloadHashing Hashing { get; }

    /// <summary>Sends messages.</summary>
    internal MessageSender Sender { get; }

    /// <summary>Guards the machine and everything that hangs on it.</summary>
    internal Lock Gate { get; } = new();

    internal Instant Now => _clock.Now;

    /// <summary>Ends when the session is over, its links are closed and what it delivered is handled; never faults.</summary>
    internal Task Completion => _ending.Completion;

    /// <summary>How it ended; null while it lives.</summary>
    internal SessionClosure? Closure => _ending.Closure;

    /// <summary>After the end: messages that were not acknowledged.</summary>
    internal IReadOnlyList<UndeliveredMessage> Undelivered => Closure is null ? [] : Sender.Undelivered;

    /// <summary>Its links.</summary>
    internal SessionLinks Links => _links;

    /// <summary>The way of the active link, or of the last one.</summary>
    internal ConnectionPath Path => _links.Carrier.Path;

    /// <summary>Why it is that link, one line for people.</summary>
    internal string PathReason => Path == ConnectionPath.Relayed && NotDirect is { } reason ? $"{_links.Carrier.Reason}; {reason}" : _links.Carrier.Reason;

    /// <summary>While a gateway carries the session: why no direct path does, as last known; for people.</summary>
    internal string? NotDirect { get; set; }

    /// <summary>The session with the gateway over which the active link leads, if it is a circuit.</summary>
    public SessionDriver? Hop => _links.Carrier.Hop;

    internal IPEndPoint? LocalEndPoint => _links.Carrier.LocalEndPoint;

    internal IPEndPoint? RemoteEndPoint => _links.Carrier.RemoteEndPoint;

    /// <summary>Where the peer was looked for when the session was made, or found again, from here: where another link may lead.</summary>
    internal IReadOnlyList<PeerAddress> PeerAddresses { get; set; } = [];

    /// <summary>True when the active link, or the last one, was begun by us.</summary>
    internal bool ActiveLinkIsOurs => _links.Carrier.IsOurs;

    /// <summary>True while the session has no link.</summary>
    internal bool IsSuspended
    {
        get
        {
            lock (Gate)
                return !IsEnding && _machine.LinkCount == 0;
        }
    }

    /// <summary>True while the active link is suspected and no other has shown life since.</summary>
    internal bool IsStalled
    {
        get
        {
            lock (Gate)
                return !IsEnding && _machine.IsStalled;
        }
    }

    /// <summary>True while another link stands behind the active one; whether it leads anywhere is another question.</summary>
    internal bool HasStandby
    {
        get
        {
            lock (Gate)
                return _machine.LinkCount > 1;
        }
    }

    /// <summary>True once the machine is closed: it takes no more links. Under the lock.</summary>
    internal bool IsEnding => _ending.HasBegun;

    /// <summary>How long nothing has come from the peer, over any link.</summary>
    internal TimeSpan Silence
    {
        get
        {
            lock (Gate)
                return _machine.Silence(_clock.Now);
        }
    }

    internal SessionStatistics Statistics
    {
        get
        {
            lock (Gate)
                return _machine.Statistics;
        }
    }

    TimeSpan? ISignalling.RoundTrip => Statistics.SmoothedRtt;

    bool ISignalling.WantsDirect => Closure is null && !IsSuspended && Path == ConnectionPath.Relayed;

    TimeSpan ISignalling.LongestPause => Timeout.InfiniteTimeSpan;

    bool ISignalling.TrySignal(string protocol, ReadOnlySpan<byte> message) => Sender.TrySend(protocol, message, priority: 0);

    /// <summary>The node's own object for this session, made at first use, once.</summary>
    internal object GetOrSetTag<TState>(TState state, Func<SessionDriver, TState, object> make)
    {
        if (_tag is null)
            Interlocked.CompareExchange(ref _tag, make(this, state), null);
        return _tag;
    }

    /// <summary>The node has told of the session's beginning: from now on it may tell of its end.</summary>
    internal void Announced() => _ending.Announced();

    /// <summary>The circuits that ride on the session; null unless one of its ends is a gateway.</summary>
    internal CircuitHop? Circuits { get; private set; }

    /// <summary>From now on circuits may ride on the session: one of its ends is a gateway. The first caller's host counts.</summary>
    /// <param name="host">Who takes the circuits that the other end opens.</param>
    internal CircuitHop EnableCircuits(ICircuitHost host)
    {
        lock (Gate)
        {
            if (Circuits is { } enabled)
                return enabled;
            _machine.Circuits = Circuits = new CircuitHop(this, _parameters.Self.Id < Remote, host, _links.WakeCarrier);
            if (IsEnding)
                Circuits.HandleLinkLost();
            return Circuits;
        }
    }

    /// <summary>From now on the session ends with its last link: what it carries is not worth waiting for.</summary>
    internal void EndWithLink()
    {
        lock (Gate)
        {
            if (!_links.EndWithLast() || IsEnding)
                return;
        }

        End(GoodbyeCode.GoingAway, LinkLost);
    }

    /// <summary>As the lower id: the generation to promise a link that is being made; 0 when it is not to be the active one.</summary>
    internal uint Promise(ConnectionPath path)
    {
        lock (Gate)
            return _links.Promise(path);
    }

    /// <summary>Adds a link. False when the session is over: the link stays the caller's.</summary>
    internal bool TryAttach(SecureLink link)
    {
        lock (Gate)
        {
            if (IsEnding)
                return false;
            _links.Attach(link);
            Settle();
            return true;
        }
    }

    /// <summary>Ends once a link carries the session, or the session is over.</summary>
    internal Task WaitUntilActiveAsync(CancellationToken cancellationToken)
    {
        lock (Gate)
            return IsEnding ? Task.CompletedTask : _links.WaitUntilActiveAsync(cancellationToken);
    }

    /// <summary>Ends once another link carries the session, or the session is over.</summary>
    internal Task WaitUntilMovedAsync(CancellationToken cancellationToken)
    {
        lock (Gate)
            return IsEnding ? Task.CompletedTask : _links.WaitUntilMovedAsync(cancellationToken);
    }

    /// <summary>Queues a datagram; false when there is no link, or protocol or length are not admitted.</summary>
    internal bool TrySendDatagram(string protocol, ReadOnlySpan<byte> payload)
    {
        lock (Gate)
        {
            if (!_machine.TrySendDatagram(protocol, payload))
                return false;
            _links.WakeActive();
            return true;
        }
    }

    /// <summary>Opens a stream; null when too many are open.</summary>
    /// <exception cref="ArgumentException">The protocol is no name.</exception>
    /// <exception cref="SessionEndedException">The session is over.</exception>
    internal StreamEndpoint? OpenStream(string protocol, byte priority)
    {
        lock (Gate)
        {
            var stream = _machine.OpenStream(protocol, priority, _clock.Now, out var result);
            if (stream is null)
                return result == SendResult.Full ? null : throw MessageSender.Failure(result, protocol, 0, this);
            Settle();
            return _streams.Of(stream);
        }
    }

    /// <summary>
    /// Sends what is queued, says goodbye and closes; cut when that takes long. Does not wait for handlers: one of them may be the caller.
    /// </summary>
    internal async Task CloseAsync(GoodbyeCode code, string reason)
    {
        lock (Gate)
        {
            _machine.Close(code, reason);
            Settle();
        }

        await _ending.LingerAsync(code, reason).ConfigureAwait(false);
    }

    /// <summary>Says goodbye at once, without waiting for what is queued or for handlers, and closes.</summary>
    internal Task AbortAsync(GoodbyeCode code, string reason)
    {
        End(code, reason);
        return _ending.Disconnected;
    }

    /// <summary>Ends the session at once, together with its links: they carry no goodbye, since nobody is there to read it.</summary>
    internal void Cut(GoodbyeCode code, string reason)
    {
        lock (Gate)
        {
            if (!_machine.IsClosed)
                _machine.Abort(code, reason);
            _links.Cut();
            Settle();
        }
    }

    /// <summary>As <see cref="AbortAsync"/>, since the node stops; waits for handlers too.</summary>
    public async ValueTask DisposeAsync()
    {
        await AbortAsync(GoodbyeCode.GoingAway, "The node stopped.").ConfigureAwait(false);
        await _ending.WaitAsync().ConfigureAwait(false);
    }

    /// <summary>Queues a message. Under the lock.</summary>
    internal SendResult TrySend(string protocol, byte priority, ReadOnlySpan<byte> payload, byte[]? ownedArray, ReadOnlySpan<byte> digest, long token)
    {
        var result = _machine.TrySend(protocol, priority, payload, digest, token, _clock.Now, ownedArray);
        if (result == SendResult.Queued)
            _links.WakeActive();
        return result;
    }

    /// <summary>Writes to a stream. Under the lock.</summary>
    internal int Write(SessionStream stream, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> digest)
    {
        var taken = _machine.Write(stream, bytes, _clock.Now, digest);
        if (taken > 0)
            _links.WakeActive();
        return taken;
    }

    /// <summary>The application is done with a piece of a stream. Under the lock.</summary>
    internal void StreamConsumed(SessionStream stream, PayloadLease payload)
    {
        _machine.StreamConsumed(stream, payload, _clock.Now);
        Settle();
    }

    /// <summary>The application is done with messages, or with datagrams.</summary>
    /// <returns>False when the session is busy: nothing happened, and the caller, who has better to do than to wait, tries again.</returns>
    internal bool TryConsumed(List<PayloadLease> payloads, bool isDatagrams)
    {
        if (!Gate.TryEnter())
            return false;
        try
        {
            ConsumedUnderLock(payloads, isDatagrams);
            return true;
        }
        finally
        {
            Gate.Exit();
        }
    }

    /// <inheritdoc cref="TryConsumed"/>
    internal void Consumed(List<PayloadLease> payloads, bool isDatagrams)
    {
        lock (Gate)
            ConsumedUnderLock(payloads, isDatagrams);
    }

    /// <summary>Asks the peer for a sign of life over the active link.</summary>
    internal void RequestPing() => Act(static machine => machine.RequestPing());

    /// <summary>Does something to the machine.</summary>
    internal void Act(Action<SessionMachine> action)
    {
        lock (Gate)
        {
            action(_machine);
            Settle();
        }
    }

    /// <summary>Why an operation fails now that the session is over, or about to be.</summary>
    internal SessionEndedException EndedException() => new(Closure?.Reason ?? "The session is closing.", outcomeUnknown: false);

    /// <summary>After each input: passes events on, sets the timer, wakes who may have to write. Under the lock.</summary>
    internal void Settle()
    {
        Update();
        _links.Wake();
    }

    /// <summary>Passes events on and sets the timer. Under the lock. What is done to the session meanwhile adds to the events: they are passed on one after the other, not one within the other.</summary>
    internal void Update()
    {
        if (_isDraining)
            return;
        _isDraining = true;
        try
        {
            Drain();
        }
        finally
        {
            _isDraining = false;
        }

        _timer.SetTo(IsEnding ? null : _machine.PollTimeout());
    }

    /// <summary>Ends the session now, whatever is queued.</summary>
    internal void End(GoodbyeCode code, string reason) => Act(machine => machine.Abort(code, reason));

    private void OnTimer() => Act(machine =>
    {
        _timer.WentOff();
        machine.HandleTimeout(_clock.Now);
    });

    private void ConsumedUnderLock(List<PayloadLease> payloads, bool isDatagrams)
    {
        var now = _clock.Now;
        foreach (var payload in payloads)
        {
            if (isDatagrams)
                _machine.DatagramConsumed(payload);
            else
                _machine.MessageConsumed(payload, now);
        }

        Settle();
    }

    /// <summary>Passes on what the machine has to tell. Under the lock.</summary>
    private void Drain()
    {
        while (_machine.PollEvent(out var e))
        {
            switch (e.Kind)
            {
                case SessionEventKind.MessageReceived:
                    Deliver(e);
                    break;
                case SessionEventKind.DatagramReceived:
                    if (!_inbound.TryDispatchDatagram(e.Protocol!, e.Payload))
                        _machine.DatagramConsumed(e.Payload);
                    break;
                case SessionEventKind.Writable:
                    Sender.RoomAgain();
                    break;
                case SessionEventKind.LinkActivated:
                    if (_links.Activated(e.Link!, e.Reason))
                        _ending.PathChanged();
                    break;
                case SessionEventKind.Dropped:
                    Log.MessagesDropped(_logger, e.Code, Remote.ToShortString());
                    break;
                case SessionEventKind.LinkUnwanted:
                    SessionLinks.Unwanted(e.Link!);
                    break;
                case SessionEventKind.Suspended:
                    Log.SessionSuspended(_logger, Remote.ToShortString());
                    _ending.PathChanged();
                    break;
                case SessionEventKind.LinkWanted:
                    if (_links.MayHaveAnother)
                        _ending.LinkWanted();
                    break;
                case SessionEventKind.Closed:
                    // What came before the end is handled before it.
                    _inbound.Show();
                    Closed(e);
                    break;
                case >= SessionEventKind.StreamOpened and <= SessionEventKind.StreamWritable:
                    _streams.Deliver(e);
                    break;
                default:
                    Sender.HandleOutcome(e, _machine.IsClosed);
                    break;
            }
        }

        _inbound.Show();
    }

    private void Deliver(in SessionEvent e)
    {
        if (_inbound.Dispatch(e) is not { } refusal)
            return;
        _machine.Refuse(e.Number, (int)refusal);
        _machine.MessageConsumed(e.Payload, _clock.Now);
    }

    private void Closed(in SessionEvent e)
    {
        _ending.Begin(e, _links, _timer, _inbound);
        Sender.RoomAgain();
        _links.ReleaseWaiters();
        _streams.OnSessionEnded();
    }
}
