using System.Net;
using Crust.Buffers;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Streams;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// Runs one <see cref="SessionMachine"/>: a <see cref="LinkPump"/> for each of its links, one timer, one lock around the machine. Thread safe. Owns its
/// links.
/// </summary>
internal sealed partial class SessionDriver : ILinkCarrier, IAsyncDisposable
{
    /// <summary>The priority of messages that name none.</summary>
    internal const byte DefaultPriority = 1;

    /// <summary>How long a graceful close may take before the session is cut. Ours: a peer that never reads must not hold us.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly SessionMachine _machine;
    private readonly SessionParameters _parameters;
    private readonly ISessionOwner _owner;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly InboundDispatcher _inbound;
    private readonly LinkPumps _links = new();
    private readonly MachineTimer _timer;
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamEndpoints _streams;
    private TaskCompletionSource? _resumed;
    private Task _ending = Task.CompletedTask;
    private bool _isEnding;
    private bool _endsWithLink;
    private bool _wasActive;
    private volatile LinkDescription _carrier = LinkDescription.None;
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
        Sender = new MessageSender(this, parameters.SendSigned);
        _timer = new MachineTimer(clock, OnTimer);
    }

    internal PeerId Remote => _parameters.Remote;

    internal SessionId SessionId { get; }

    internal bool ReceivesSigned => _parameters.ReceiveSigned;

    internal bool SendsSigned => _parameters.SendSigned;

    /// <summary>Sends messages.</summary>
    internal MessageSender Sender { get; }

    /// <summary>Guards the machine and everything that hangs on it.</summary>
    internal Lock Gate { get; } = new();

    internal Instant Now => _clock.Now;

    /// <summary>Ends when the session is over, its links are closed and what it delivered is handled; never faults.</summary>
    internal Task Completion => _completion.Task;

    /// <summary>How it ended; null while it lives.</summary>
    internal SessionClosure? Closure { get; private set; }

    /// <summary>After the end: messages that were not acknowledged.</summary>
    internal IReadOnlyList<UndeliveredMessage> Undelivered => Closure is null ? [] : Sender.Undelivered;

    /// <summary>The way of the active link, or of the last one.</summary>
    internal ConnectionPath Path => _carrier.Path;

    /// <summary>Why it is that link, one line for people.</summary>
    internal string PathReason => _carrier.Reason;

    internal IPEndPoint? LocalEndPoint => _carrier.LocalEndPoint;

    internal IPEndPoint? RemoteEndPoint => _carrier.RemoteEndPoint;

    /// <summary>Where the peer was looked for when the session was made, or found again, from here: where another link may lead.</summary>
    internal IReadOnlyList<PeerAddress> PeerAddresses { get; set; } = [];

    /// <summary>True when the active link, or the last one, was begun by us.</summary>
    internal bool ActiveLinkIsOurs => _carrier.IsOurs;

    /// <summary>True while the session has no link.</summary>
    internal bool IsSuspended
    {
        get
        {
            lock (Gate)
                return !_isEnding && _machine.LinkCount == 0;
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

    /// <summary>The node's own object for this session, made at first use, once.</summary>
    internal object GetOrSetTag<TState>(TState state, Func<SessionDriver, TState, object> make)
    {
        if (_tag is null)
            Interlocked.CompareExchange(ref _tag, make(this, state), null);
        return _tag;
    }

    /// <summary>The node has told of the session's beginning: from now on it may tell of its end.</summary>
    internal void Announced() => _announced.TrySetResult();

    /// <summary>From now on the session ends with its last link: what it carries is not worth waiting for.</summary>
    internal void EndWithLink()
    {
        lock (Gate)
        {
            _endsWithLink = true;
            if (_machine.LinkCount > 0 || _isEnding)
                return;
        }

        End(GoodbyeCode.GoingAway, "The link was lost.");
    }

    /// <summary>As the lower id: the generation to promise a link that is being made; 0 when it is not to be the active one.</summary>
    internal uint Promise(ConnectionPath path)
    {
        lock (Gate)
            return _machine.Promise(RankOf(path), _clock.Now);
    }

    /// <summary>Adds a link. False when the session is over: the link stays the caller's.</summary>
    internal bool TryAttach(SecureLink link)
    {
        lock (Gate)
        {
            if (_isEnding)
                return false;
            var pump = new LinkPump(link, this, _clock);
            // A link that is unwanted from the beginning is given its pump all the same: that closes it.
            _links.Add(pump);
            // Before the first link is nominated, who asks is told of that one.
            if (!_wasActive)
                _carrier = LinkDescription.Of(link, null);
            pump.Handle = _machine.AddLink(RankOf(link.Path), link.Result.PromisedGeneration, _clock.Now);
            pump.Handle.Tag = pump;
            Drain();
            pump.Start();
            Settle();
            return true;
        }
    }

    /// <summary>Ends once a link carries the session, or the session is over.</summary>
    internal Task WaitUntilActiveAsync(CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            return _isEnding || _machine.ActiveLink is not null
                ? Task.CompletedTask
                : (_resumed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Queues a datagram; false when there is no link, or protocol or length are not admitted.</summary>
    internal bool TrySendDatagram(string protocol, ReadOnlySpan<byte> payload)
    {
        lock (Gate)
        {
            if (!_machine.TrySendDatagram(protocol, payload))
                return false;
            _links.Wake(_machine.ActiveLink);
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
    /// Sends what is queued, says goodbye and closes; cut after <see cref="Linger"/>. Does not wait for handlers: one of them may be the caller.
    /// </summary>
    internal async Task CloseAsync(GoodbyeCode code, string reason)
    {
        lock (Gate)
        {
            _machine.Close(code, reason);
            Settle();
        }

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

    /// <summary>Queues a message. Under the lock.</summary>
    internal SendResult TrySend(string protocol, byte priority, ReadOnlySpan<byte> payload, byte[]? ownedArray, ReadOnlySpan<byte> digest, long token)
    {
        var result = _machine.TrySend(protocol, priority, payload, digest, token, _clock.Now, ownedArray);
        if (result == SendResult.Queued)
            _links.Wake(_machine.ActiveLink);
        return result;
    }

    /// <summary>Writes to a stream. Under the lock.</summary>
    internal int Write(SessionStream stream, ReadOnlySpan<byte> bytes)
    {
        var taken = _machine.Write(stream, bytes, _clock.Now);
        if (taken > 0)
            _links.Wake(_machine.ActiveLink);
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

    private static LinkRank RankOf(ConnectionPath path) => path == ConnectionPath.Relayed ? LinkRank.Relayed : LinkRank.Direct;

    private void OnTimer()
    {
        lock (Gate)
        {
            _timer.WentOff();
            _machine.HandleTimeout(_clock.Now);
            Settle();
        }
    }

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

    /// <summary>After each input: passes events on, wakes who may have to write, sets the timer. Under the lock.</summary>
    private void Settle()
    {
        Drain();
        _timer.SetTo(_isEnding ? null : _machine.PollTimeout());
        _links.Wake(_machine);
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
                    if (!_inbound.TryDispatchDatagram(new DeliveredMessage(this, e.Protocol!, e.Payload.Memory, 0, false, null), e.Payload))
                        _machine.DatagramConsumed(e.Payload);
                    break;
                case SessionEventKind.Writable:
                    Sender.RoomAgain();
                    break;
                case SessionEventKind.LinkActivated:
                    Activated((LinkPump)e.Link!.Tag!, e.Reason);
                    break;
                case SessionEventKind.LinkUnwanted:
                    (e.Link!.Tag as LinkPump)?.Stop("replaced by a better link");
                    break;
                case SessionEventKind.Suspended:
                    Log.SessionSuspended(_logger, Remote.ToShortString());
                    Tell(static (owner, session) => owner.PathChanged(session));
                    break;
                case SessionEventKind.LinkWanted:
                    if (!_endsWithLink)
                        Tell(static (owner, session) => owner.LinkWanted(session));
                    break;
                case SessionEventKind.Closed:
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
    }

    private void Deliver(in SessionEvent e)
    {
        var code = 0;
        if (!e.IsSigned && _owner.RequiresSignature(e.Protocol!))
            code = (int)RefuseCode.SignatureRequired;
        else if (!_inbound.TryDispatch(new DeliveredMessage(this, e.Protocol!, e.Payload.Memory, e.Number, e.IsSigned, e.Evidence), e.Payload))
            code = (int)RefuseCode.UnknownProtocol;
        if (code == 0)
            return;
        _machine.Refuse(e.Number, code);
        _machine.MessageConsumed(e.Payload, _clock.Now);
    }

    private void Activated(LinkPump pump, string? cause)
    {
        _carrier = LinkDescription.Of(pump.Link, _wasActive ? cause : null);
        _resumed?.TrySetResult();
        _resumed = null;
        if (_wasActive)
            Tell(static (owner, session) => owner.PathChanged(session));
        _wasActive = true;
    }

    private void Closed(in SessionEvent e)
    {
        Closure = new SessionClosure((GoodbyeCode)e.Code, e.Reason ?? "", e.ByRemote);
        Sender.RoomAgain();
        _resumed?.TrySetResult();
        _streams.OnSessionEnded();
        if (_isEnding)
            return;
        _isEnding = true;
        _ending = Task.Run(FinishAsync);
    }

    /// <summary>Tells the owner something, not under the lock and after its announcement.</summary>
    private void Tell(Action<ISessionOwner, SessionDriver> tell)
    {
        _ = _announced.Task.ContinueWith(
            _ => tell(_owner, this), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Ends the session now, whatever is queued.</summary>
    private void End(GoodbyeCode code, string reason)
    {
        lock (Gate)
        {
            if (!_machine.IsClosed)
                _machine.Abort(code, reason);
            Settle();
        }
    }

    private async Task FinishAsync()
    {
        await _links.CloseAsync(Gate, _machine, Linger, _clock.TimeProvider).ConfigureAwait(false);
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
