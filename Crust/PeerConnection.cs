using System.Net;
using Crust.Identity;
using Crust.PeerProtocol.Driver;
using Crust.Session;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>
/// An open, authenticated and encrypted connection with one peer. There is at most one for each peer of a node; whoever connects again gets
/// the same. Messages arrive whole, once and in order within a protocol and priority, also when the link below is lost and replaced, while both processes
/// live and a link comes back within 120 s. Thread safe. Belongs to the node.
/// </summary>
public sealed class PeerConnection
{
    /// <summary>Longest message, in bytes.</summary>
    public const int MaxMessageLength = WireLimits.MaxMessageLength;

    /// <summary>Longest datagram, in bytes.</summary>
    public const int MaxDatagramLength = WireLimits.MaxDatagramLength;

    private readonly SessionDriver _session;
    private readonly Pinger _pinger;

    internal PeerConnection(SessionDriver session, TimeProvider timeProvider)
    {
        _session = session;
        _pinger = new Pinger(session, timeProvider);
    }

    /// <summary>Who is at the other end, proven by its key.</summary>
    public PeerId Peer => _session.Remote;

    /// <summary>How the connection reaches the peer.</summary>
    public ConnectionPath Path => _session.Path;

    /// <summary>
    /// Why it reaches the peer that way, one line for people: which address answered first, and what became of those that were tried before; after a change
    /// also why it moved. The words may change between versions.
    /// </summary>
    public string PathReason => _session.PathReason;

    /// <summary>Our end of the active link.</summary>
    public IPEndPoint? LocalEndPoint => _session.LocalEndPoint;

    /// <summary>The other end of the active link.</summary>
    public IPEndPoint? RemoteEndPoint => _session.RemoteEndPoint;

    /// <summary>True when this node signs what it sends here.</summary>
    public bool SendsSigned => _session.SendsSigned;

    /// <summary>True when the peer signs what it sends; nothing of it is delivered before its signature verifies.</summary>
    public bool ReceivesSigned => _session.ReceivesSigned;

    /// <summary>True until the connection has ended.</summary>
    public bool IsOpen => _session.Closure is null;

    /// <summary>Why it ended, one line; null while it is open.</summary>
    public string? CloseReason => _session.Closure?.Reason;

    /// <summary>Ends when the connection has ended and what it delivered is handled; never faults.</summary>
    public Task Completion => _session.Completion;

    /// <summary>Counts of this connection.</summary>
    public PeerConnectionStatistics Statistics => PeerConnectionStatistics.From(_session.Statistics);

    /// <summary>True while no link carries the connection: messages wait, and it ends if none comes back in time.</summary>
    public bool IsSuspended => _session.IsSuspended;

    /// <summary>After the end: the messages sent here that the peer never acknowledged, oldest first; at most what the send queue held.</summary>
    public IReadOnlyList<UndeliveredPeerMessage> Undelivered =>
        [.. _session.Undelivered.Select(m => new UndeliveredPeerMessage(m.Protocol, m.Payload, m.OutcomeUnknown))];

    internal SessionDriver Session => _session;

    internal Pinger Pinger => _pinger;

    /// <summary>
    /// Queues a message; ends once it is queued, and waits while the queue is full. The payload is copied.
    /// </summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="payload">At most <see cref="MaxMessageLength"/> bytes.</param>
    /// <param name="cancellationToken">Stops the wait; a message that is queued is sent.</param>
    /// <exception cref="ArgumentException">The payload is too long or the protocol is not a name.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection has ended.</exception>
    public ValueTask SendAsync(string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        SendAsync(protocol, payload, MessagePriority.Normal, cancellationToken);

    /// <summary>Queues a message with a priority.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="payload">At most <see cref="MaxMessageLength"/> bytes.</param>
    /// <param name="priority">What it goes before. Order holds within one protocol and priority.</param>
    /// <param name="cancellationToken">Stops the wait; a message that is queued is sent.</param>
    /// <exception cref="ArgumentException">The payload is too long or the protocol is not a name.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection has ended.</exception>
    public ValueTask SendAsync(
        string protocol, ReadOnlyMemory<byte> payload, MessagePriority priority = MessagePriority.Normal, CancellationToken cancellationToken = default)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        try
        {
            var sending = _session.Sender.SendAsync(protocol, payload, (byte)priority, cancellationToken);
            return sending.IsCompletedSuccessfully ? sending : new ValueTask(FinishAsync(sending.AsTask()));
        }
        catch (SessionEndedException e)
        {
            return ValueTask.FromException(Translate(e));
        }
    }

    /// <summary>Queues a message if there is room now.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="payload">At most <see cref="MaxMessageLength"/> bytes; copied.</param>
    /// <param name="priority">What it goes before.</param>
    /// <returns>False when the queue is full, the payload too long, the protocol no name, or the connection has ended.</returns>
    public bool TrySend(string protocol, ReadOnlySpan<byte> payload, MessagePriority priority = MessagePriority.Normal)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        return _session.Sender.TrySend(protocol, payload, (byte)priority);
    }

    /// <summary>Sends a message and waits until the peer has received and verified it.</summary>
    /// <inheritdoc cref="SendAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <exception cref="ProtocolRefusedException">The peer has no handler for the protocol, or insists on a signature.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended; <see cref="PeerConnectionClosedException.OutcomeUnknown"/> tells whether the peer may have it.</exception>
    public Task SendAndConfirmAsync(string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        return FinishAsync(_session.Sender.SendAndConfirmAsync(protocol, payload, SessionDriver.DefaultPriority, cancellationToken));
    }

    /// <summary>
    /// Sends a datagram: at most once, out of order perhaps, neither acknowledged nor signed, though encrypted and from the peer for certain. It is lost where
    /// the link or the receiver is busy.
    /// </summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="payload">At most <see cref="MaxDatagramLength"/> bytes; copied.</param>
    /// <returns>False when there is no link now, or payload or protocol are not admitted.</returns>
    public bool TrySendDatagram(string protocol, ReadOnlySpan<byte> payload)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        return _session.TrySendDatagram(protocol, payload);
    }

    /// <summary>Opens a stream. The peer learns of it with the next record; nothing is waited for.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="priority">What it goes before, in both directions.</param>
    /// <exception cref="ArgumentException">The protocol is not a name.</exception>
    /// <exception cref="InvalidOperationException">256 streams opened from here are not over.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection has ended.</exception>
    public PeerStream OpenStream(string protocol, MessagePriority priority = MessagePriority.Normal)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        return new PeerStream(this, Open(protocol, priority));
    }

    /// <summary>Sends a request and waits for its response. Cancelling gives it up, and the peer's handler is told.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters; names that begin with <c>crust/</c> are Crust's own.</param>
    /// <param name="payload">At most <see cref="MaxMessageLength"/> bytes.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    /// <returns>The response, at most 2 MiB.</returns>
    /// <exception cref="ArgumentException">The payload is too long or the protocol is not a name.</exception>
    /// <exception cref="InvalidOperationException">256 requests and streams from here are under way.</exception>
    /// <exception cref="ProtocolRefusedException">The peer does not answer requests of the protocol.</exception>
    /// <exception cref="PeerStreamException">The peer's handler failed, or its response is not signed although this node insists on it.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended.</exception>
    public async Task<byte[]> RequestAsync(string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        ProtocolRegistry.RequireApplicationProtocol(protocol);
        if (payload.Length > MaxMessageLength)
            throw new ArgumentException($"A request has at most {MaxMessageLength} bytes; this one has {payload.Length}.", nameof(payload));
        var stream = Open(protocol, MessagePriority.Normal);
        try
        {
            await stream.WriteAsync(payload, cancellationToken).ConfigureAwait(false);
            stream.Finish();
            var response = await RequestStream.ReadAllAsync(stream, cancellationToken).ConfigureAwait(false);
            stream.Close();
            return response;
        }
        catch (StreamBrokenException e) when (e.Code == StreamEndpoint.UnknownProtocol)
        {
            stream.Abort(StreamEndpoint.HandlerFailed);
            throw new ProtocolRefusedException(Peer, protocol);
        }
        catch (Exception e) when (e is StreamBrokenException or SessionEndedException)
        {
            stream.Abort(StreamEndpoint.HandlerFailed);
            throw Translate(e);
        }
        catch
        {
            stream.Abort(StreamEndpoint.HandlerFailed);
            throw;
        }
    }

    /// <summary>Sends a signed echo request and returns the time until its answer.</summary>
    /// <exception cref="PeerConnectionClosedException">The connection ended first.</exception>
    public async Task<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _pinger.PingAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SessionEndedException e)
        {
            throw Translate(e);
        }
    }

    /// <summary>Sends what is queued, tells the peer the reason and closes. A peer that does not read is cut within 4 seconds.</summary>
    /// <param name="reason">One line for the peer's logs; at most 256 bytes of UTF-8 reach it.</param>
    public Task CloseAsync(string reason = "") => _session.CloseAsync(GoodbyeCode.Normal, reason);

    /// <summary>What an application sees of a failure inside.</summary>
    internal Exception Translate(Exception e) => e switch
    {
        SessionEndedException ended => new PeerConnectionClosedException(Peer, $"The connection with {Peer} ended: {CloseReason ?? ended.Message}", ended.OutcomeUnknown),
        StreamBrokenException broken => new PeerStreamException(Peer, broken.Message, broken.Code),
        MessageRefusedException refused => new ProtocolRefusedException(Peer, refused.Protocol),
        _ => e,
    };

    private StreamEndpoint Open(string protocol, MessagePriority priority)
    {
        try
        {
            return _session.OpenStream(protocol, (byte)priority)
                ?? throw new InvalidOperationException($"{WireLimits.MaxStreams} streams that were opened from here are not over.");
        }
        catch (SessionEndedException e)
        {
            throw Translate(e);
        }
    }

    private async Task FinishAsync(Task sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (e is SessionEndedException or MessageRefusedException)
        {
            throw Translate(e);
        }
    }
}
