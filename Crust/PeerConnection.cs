using System.Net;
using Crust.Identity;
using Crust.PeerProtocol.Driver;
using Crust.Session;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>
/// An open, authenticated and encrypted connection with one peer. There is at most one for each peer of a node; whoever connects again gets
/// the same. Messages arrive whole, once and in order within a protocol while the connection lives. Thread safe. Belongs to the node.
/// </summary>
public sealed class PeerConnection
{
    /// <summary>Longest message, in bytes.</summary>
    public const int MaxMessageLength = WireLimits.MaxMessageLength;

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
    public async ValueTask SendAsync(string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        RequireApplicationProtocol(protocol);
        try
        {
            await _session.SendAsync(protocol, payload.ToArray(), SessionDriver.DefaultPriority, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionEndedException e)
        {
            throw Ended(e);
        }
    }

    /// <summary>Sends a message and waits until the peer has received and verified it.</summary>
    /// <inheritdoc cref="SendAsync"/>
    /// <exception cref="ProtocolRefusedException">The peer has no handler for the protocol.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended; <see cref="PeerConnectionClosedException.OutcomeUnknown"/> tells whether the peer may have it.</exception>
    public async Task SendAndConfirmAsync(string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        RequireApplicationProtocol(protocol);
        try
        {
            await _session.SendAndConfirmAsync(protocol, payload.ToArray(), SessionDriver.DefaultPriority, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionEndedException e)
        {
            throw Ended(e);
        }
        catch (MessageRefusedException)
        {
            throw new ProtocolRefusedException(Peer, protocol);
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
            throw Ended(e);
        }
    }

    /// <summary>Sends what is queued, tells the peer the reason and closes. A peer that does not read is cut within 4 seconds.</summary>
    /// <param name="reason">One line for the peer's logs; at most 256 bytes of UTF-8 reach it.</param>
    public Task CloseAsync(string reason = "") => _session.CloseAsync(GoodbyeCode.Normal, reason);

    private static void RequireApplicationProtocol(string protocol)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        if (protocol.StartsWith(CrustNode.ReservedPrefix, StringComparison.Ordinal))
            throw new ArgumentException($"Protocols that begin with '{CrustNode.ReservedPrefix}' are Crust's own.", nameof(protocol));
    }

    private PeerConnectionClosedException Ended(SessionEndedException e) =>
        new(Peer, $"The connection with {Peer} ended: {CloseReason ?? e.Message}", e.OutcomeUnknown);
}
