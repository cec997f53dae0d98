using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Crust.Buffers;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Udp;
using Microsoft.Extensions.Logging;

namespace Crust.Utp.Driver;

/// <summary>
/// Drives the <see cref="UtpEndpoint"/> of one UDP socket: whoever brings an input (the socket's thread, a reader, a writer) takes the lock,
/// feeds the machine, and sends what it has to send before letting go. No application code runs under the lock: links are told, and queue
/// what waits at them to the thread pool. Owns the socket.
/// </summary>
internal sealed class UtpPump : IDatagramHandler
{
    /// <summary>Deadlines that are due again at once are heeded so many times in a row; then others have their turn.</summary>
    private const int MaxTimeoutsInTurn = 4;

    private readonly Demultiplexer _socket;
    private readonly UtpEndpoint _endpoint;
    private readonly MonotonicClock _clock;
    private readonly UtpTransportOptions _options;
    private readonly ILogger _logger;

    /// <summary>Links that were disposed of, the first first: the time they have is the same for all.</summary>
    private readonly Queue<UtpLink> _closing = new();

    /// <summary>What the kernel did not take yet; nothing else is sent before. Its buffer is held as long as there is something.</summary>
    private byte[]? _held;
    private int _heldOffset;
    private UtpTransmit _heldTransmit;

    /// <summary>For trains of long datagrams, where the kernel takes trains.</summary>
    private GatherList? _gathered;

    /// <summary>When the socket will wake us; later than the machine's deadline never.</summary>
    private Instant _wakeAt = Never;
    private UtpLinkListener? _listener;
    private UtpLink? _firstLink;
    private int _links;
    private bool _endsWhenEmpty;
    private bool _isDisposed;
    private TaskCompletionSource? _emptied;

    internal UtpPump(Demultiplexer socket, MonotonicClock clock, UtpTransportOptions options, UtpLinkListener? listener, ILogger logger)
    {
        _socket = socket;
        _clock = clock;
        _options = options;
        _logger = logger;
        _listener = listener;
        Span<byte> key = stackalloc byte[32];
        SecureRandom.Fill(key);
        _endpoint = new UtpEndpoint(options.Utp with { Accepts = listener is not null }, key);
    }

    private static Instant Never => new(long.MaxValue);

    /// <summary>Guards the endpoint, its connections and the links' state.</summary>
    internal Lock Gate { get; } = new();

    internal Demultiplexer Socket => _socket;

    internal IPEndPoint LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>The pumps of one port, this one among them; empty when it is alone. Set before <see cref="Start"/>.</summary>
    internal UtpPump[] Group { get; set; } = [];

    /// <summary>The socket is closed.</summary>
    internal bool IsClosed => Volatile.Read(ref _isDisposed);

    /// <summary>What the machine counts; a glance.</summary>
    internal UtpStatistics Statistics => _endpoint.Statistics;

    /// <summary>Links that are not over.</summary>
    internal int Links => Volatile.Read(ref _links);

    internal void Start() => _socket.Start(this);

    /// <summary>Opens a link.</summary>
    internal async ValueTask<UtpLink> ConnectAsync(TransportAddress remote, IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        UtpLink link;
        Task connected;
        lock (Gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var now = _clock.Now;
            var connection = _endpoint.Connect(remote, RandomNumber(), RandomNumber(), now);
            link = new UtpLink(this, connection, remoteEndPoint);
            connected = link.BeginConnecting();
            Add(link);
            Drain(now);
        }

        await using var cancelling = cancellationToken.UnsafeRegister(static (l, token) => ((UtpLink)l!).CancelConnecting(token), link).ConfigureAwait(false);
        await connected.ConfigureAwait(false);
        return link;
    }

    /// <summary>Sends a datagram that is not µTP and dies after so many routers.</summary>
    internal void SendShort(ReadOnlySpan<byte> datagram, TransportAddress remote, int hops)
    {
        // Nothing of ours may be sent meanwhile: it would die there too.
        lock (Gate)
        {
            if (!_isDisposed)
                _socket.Socket.SendShort(datagram, remote, hops);
        }
    }

    /// <summary>Accepts no more; the socket is closed once the last link is over.</summary>
    internal void StopAccepting()
    {
        lock (Gate)
        {
            _listener = null;
            _endsWhenEmpty = true;
            if (_links == 0)
                Dispose();
        }
    }

    /// <summary>Resets links in use, waits a bounded time for those that are closing, and closes the socket.</summary>
    internal async Task ShutdownAsync(TimeSpan timeout)
    {
        Task emptied;
        lock (Gate)
        {
            _listener = null;
            AbortLinks(static link => !link.IsClosed);
            Drain(_clock.Now);
            emptied = _links == 0 || _isDisposed ? Task.CompletedTask
                : (_emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        try
        {
            await emptied.WaitAsync(timeout, _clock.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Those that are left are reset.
        }

        lock (Gate)
        {
            AbortLinks(static _ => true);
            Drain(_clock.Now);
            Dispose();
        }
    }

    public void HandleReceived(DatagramBatch batch)
    {
        if (Group.Length == 0)
        {
            Take(batch);
            return;
        }

        // The kernel's choice of socket need not be ours: a remote belongs to one pump, whichever socket its datagrams came to.
        foreach (var pump in Group)
            pump.Take(batch);
    }

    /// <summary>Takes what belongs to this pump.</summary>
    private void Take(DatagramBatch batch)
    {
        if (!HasOwn(batch))
            return;
        lock (Gate)
        {
            if (_isDisposed)
                return;
            var now = _clock.Now;
            foreach (ref readonly var train in batch.Trains)
            {
                if (!IsOwn(train.Remote))
                    continue;
                var bytes = batch.Bytes(train);
                for (var offset = 0; offset < bytes.Length; offset += train.SegmentLength)
                    _endpoint.Handle(bytes.Slice(offset, Math.Min(train.SegmentLength, bytes.Length - offset)), train.Remote, now);
            }

            Drain(now);
        }
    }

    private bool IsOwn(TransportAddress remote) => Group.Length == 0 || Group[PortSharing.Owner(remote, Group.Length)] == this;

    private bool HasOwn(DatagramBatch batch)
    {
        foreach (ref readonly var train in batch.Trains)
        {
            if (IsOwn(train.Remote))
                return true;
        }

        return false;
    }

    public void HandleWritable()
    {
        lock (Gate)
        {
            if (_held is null || _isDisposed)
                return;
            var now = _clock.Now;
            if (TrySend(_held, _heldOffset, _heldTransmit, now))
            {
                ArrayPool<byte>.Shared.Return(_held);
                _held = null;
            }

            Drain(now);
        }
    }

    public void HandleWake()
    {
        lock (Gate)
        {
            _wakeAt = Never;
            Drain(_clock.Now);
        }
    }

    public void HandleUnreachable(TransportAddress remote)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            _endpoint.HandleUnreachable(remote, now);
            Drain(now);
        }
    }

    public void HandleFailure(Exception exception)
    {
        Log.UdpSocketFailed(_logger, LocalEndPoint.ToString(), exception);
        lock (Gate)
        {
            // The machine may be what failed: it is asked nothing more.
            Dispose();
            for (var link = _firstLink; link is not null; link = link.Next)
                link.Fail();
        }
    }

    /// <summary>Sends what the machine has to send, tells links what happened and asks to be woken for the next deadline. Under the lock.</summary>
    internal void Drain() => Drain(_clock.Now);

    /// <summary>As <see cref="Drain()"/>, if there is anything to do. Under the lock.</summary>
    internal void DrainIfDue()
    {
        if (_endpoint.IsDue)
            Drain(_clock.Now);
    }

    /// <summary>The link was disposed of: it goes on by itself for a bounded time. Under the lock.</summary>
    internal void Linger(UtpLink link)
    {
        link.CloseAt = _clock.Now + _options.CloseTimeout;
        _closing.Enqueue(link);
    }

    private static ushort RandomNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        SecureRandom.Fill(bytes);
        return BitConverter.ToUInt16(bytes);
    }

    private void Drain(Instant now)
    {
        if (_isDisposed)
            return;
        for (var timeouts = 0; ; timeouts++)
        {
            do
                Transmit(now);
            while (TellEvents());

            EndOverdue(now);
            var deadline = _endpoint.PollTimeout();
            if (deadline is null || deadline > now || timeouts == MaxTimeoutsInTurn)
            {
                WakeAt(deadline, now);
                break;
            }

            _endpoint.HandleTimeout(now);
        }

        if (_links > 0)
            return;
        _emptied?.TrySetResult();
        if (_endsWhenEmpty)
            Dispose();
    }

    private void Transmit(Instant now)
    {
        if (_held is not null)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(UtpEndpoint.TransmitBufferLength);
        var gathered = _socket.Socket.SendsTrains ? _gathered ??= new GatherList() : null;
        while (_endpoint.PollTransmit(buffer, gathered, now, out var transmit))
        {
            if (transmit.IsGathered)
            {
                if (_socket.Socket.TrySend(gathered!, transmit.SegmentLength, transmit.Remote))
                    continue;
                // The ordinary way tells why not, and deals with it.
                gathered!.CopyTo(buffer);
            }

            if (!TrySend(buffer, 0, transmit, now))
                return;
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Sends a train; false when the kernel took only a part. The rest is held then, with its buffer.</summary>
    private bool TrySend(byte[] buffer, int offset, in UtpTransmit transmit, Instant now)
    {
        var datagrams = buffer.AsSpan(offset, transmit.Length - offset);
        var sent = 0;
        var status = transmit.IsProbe
            ? _socket.Socket.SendProbe(datagrams, transmit.Remote)
            : _socket.Socket.Send(datagrams, transmit.SegmentLength, transmit.Remote, out sent);
        switch (status)
        {
            case DatagramSendStatus.Full:
                (_held, _heldOffset, _heldTransmit) = (buffer, offset + sent, transmit);
                return false;
            case DatagramSendStatus.TooLong:
                // The others of the train are as long: they count as lost.
                _endpoint.HandleTooLong(transmit, Math.Min(transmit.SegmentLength, datagrams.Length - sent), now);
                return true;
            case DatagramSendStatus.Unreachable:
                _endpoint.HandleUnreachable(transmit.Remote, now);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Tells links what happened; false when nothing did. A link that was told may have more to send.</summary>
    private bool TellEvents()
    {
        var any = false;
        while (_endpoint.PollEvent(out var happened))
        {
            any = true;
            if (happened.Kind == UtpEventKind.Accepted)
            {
                Accept(happened.Connection);
                continue;
            }

            if (happened.Connection.Owner is not UtpLink link)
                continue;
            if (happened.Kind == UtpEventKind.Ended)
                Remove(link);
            link.Handle(happened.Kind);
        }

        return any;
    }

    private void Accept(UtpConnection connection)
    {
        if (_listener is not { } listener)
        {
            connection.Abort();
            return;
        }

        var link = new UtpLink(this, connection, null);
        Add(link);
        if (!listener.TryAdd(link))
            connection.Abort();
    }

    private void Add(UtpLink link)
    {
        link.Connection.Owner = link;
        link.Next = _firstLink;
        if (_firstLink is not null)
            _firstLink.Previous = link;
        _firstLink = link;
        _links++;
    }

    private void Remove(UtpLink link)
    {
        link.Connection.Owner = null;
        if (link.Previous is null)
            _firstLink = link.Next;
        else
            link.Previous.Next = link.Next;
        if (link.Next is not null)
            link.Next.Previous = link.Previous;
        link.Previous = link.Next = null;
        _links--;
    }

    private void AbortLinks(Predicate<UtpLink> which)
    {
        for (var link = _firstLink; link is not null; link = link.Next)
        {
            if (which(link))
                link.Connection.Abort();
        }
    }

    /// <summary>Resets links whose time to close is over.</summary>
    private void EndOverdue(Instant now)
    {
        while (_closing.TryPeek(out var link) && (link.IsOver || link.CloseAt <= now))
        {
            _closing.Dequeue();
            if (!link.IsOver)
                link.Connection.Abort();
        }
    }

    private void WakeAt(Instant? deadline, Instant now)
    {
        if (_closing.TryPeek(out var link))
            deadline = Instant.Earlier(deadline, link.CloseAt);
        if (deadline is not { } at || _wakeAt <= at)
            return;
        _wakeAt = at;
        _socket.Socket.WakeAfter(at - now);
    }

    private void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (_held is not null)
            ArrayPool<byte>.Shared.Return(_held);
        _held = null;
        _socket.Dispose();
    }
}
