using System.Net;
using Crust.Cryptography;
using Crust.Primitives;
using Crust.Udp;

namespace Crust.Nat.Stun.Driver;

/// <summary>
/// STUN on a socket that µTP uses as well: who gets which message. Answers go to whoever registered the transaction id (<see cref="TryExpect"/>), if they
/// come from where it was said; requests that carry USERNAME to <see cref="Checks"/>; other requests to <see cref="Server"/>. What nobody takes is dropped, answered never.
/// One per <see cref="Demultiplexer"/>, whose <see cref="Demultiplexer.Stun"/> it becomes. Thread safe; handlers are called without a lock.
/// </summary>
internal sealed class StunDispatcher : IStunHandler
{
    /// <summary>Requests under way on one socket. Ours: a spray has up to 2,048 probes out.</summary>
    internal const int MaxTransactions = 4096;

    private readonly Demultiplexer _socket;
    private readonly Lock _gate = new();
    private readonly StunTransactions<IStunResponseHandler> _transactions = new(MaxTransactions);
    private volatile IStunRequestHandler? _checks;
    private volatile IStunRequestHandler? _server;

    private StunDispatcher(Demultiplexer socket) => _socket = socket;

    /// <summary>Where the socket is bound.</summary>
    internal IPEndPoint LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>The socket itself.</summary>
    internal Demultiplexer Socket => _socket;

    /// <summary>Who takes requests with USERNAME: connectivity checks (RFC 8445 §7.3). Null: nobody.</summary>
    internal IStunRequestHandler? Checks
    {
        get => _checks;
        set => _checks = value;
    }

    /// <summary>Who takes requests without USERNAME: a server (RFC 8489 §6.3). Null: nobody.</summary>
    internal IStunRequestHandler? Server
    {
        get => _server;
        set => _server = value;
    }

    /// <summary>The dispatcher of a socket; made when it is first asked for. Only dispatchers stand in <see cref="Demultiplexer.Stun"/>.</summary>
    internal static StunDispatcher Of(Demultiplexer socket)
    {
        lock (socket)
        {
            if (socket.Stun is StunDispatcher there)
                return there;
            var made = new StunDispatcher(socket);
            socket.Stun = made;
            return made;
        }
    }

    /// <summary>Draws an id that nobody guesses (RFC 8489 §5).</summary>
    internal static StunTransactionId NewTransaction()
    {
        Span<byte> bytes = stackalloc byte[StunTransactionId.Length];
        SecureRandom.Fill(bytes);
        return StunTransactionId.From(bytes);
    }

    /// <summary>Registers a request before it is sent. It stays until it is answered or <see cref="Forget"/> is called: timers are the caller's.</summary>
    /// <param name="transaction">Its id.</param>
    /// <param name="source">Where the answer must come from: where the request goes, unless it asks for another source.</param>
    /// <param name="handler">Who gets the answer.</param>
    /// <returns>False when <see cref="MaxTransactions"/> are under way, or the id is in use.</returns>
    internal bool TryExpect(StunTransactionId transaction, TransportAddress source, IStunResponseHandler handler)
    {
        lock (_gate)
            return _transactions.TryAdd(transaction, source, handler);
    }

    /// <summary>Nobody waits for the answer any longer.</summary>
    internal void Forget(StunTransactionId transaction)
    {
        lock (_gate)
            _transactions.Remove(transaction);
    }

    /// <summary>Sends a message. One that the kernel does not take now is lost, as any may be.</summary>
    internal bool TrySend(ReadOnlySpan<byte> message, TransportAddress remote) => _socket.TrySend(message, remote);

    /// <inheritdoc/>
    public bool Claims(ReadOnlySpan<byte> message, TransportAddress remote)
    {
        lock (_gate)
            return _transactions.Claims(StunHeader.TransactionOf(message), remote);
    }

    /// <inheritdoc/>
    public void Handle(ReadOnlySpan<byte> message, TransportAddress remote)
    {
        if (!StunMessage.TryParse(message, out var parsed) || parsed.Method != StunHeader.Binding)
            return;
        if (parsed.Class is StunClass.SuccessResponse or StunClass.ErrorResponse)
        {
            IStunResponseHandler? handler;
            lock (_gate)
                handler = _transactions.Take(parsed.Transaction, remote);
            handler?.HandleResponse(this, parsed, remote);
            return;
        }

        (parsed.Has(StunAttribute.Username) ? _checks : _server)?.HandleRequest(this, parsed, remote);
    }
}
