using Crust.Buffers;
using Crust.Primitives;
using Crust.Utp.Memory;
using Crust.Utp.Packets;
using Crust.Utp.Receiving;
using Crust.Utp.Sending;

namespace Crust.Utp;

/// <summary>
/// All µTP connections of one UDP socket (BEP 29): datagrams and time go in; datagrams, one deadline and events come out. Pure; one thread at a time.
/// Time never goes back. After each input, and after each call on a connection, drain <see cref="PollTransmit(Span{byte}, Instant, out UtpTransmit)"/> and <see cref="PollEvent"/>,
/// then ask for <see cref="PollTimeout"/>.
/// </summary>
internal sealed class UtpEndpoint
{
    /// <summary>Room that <see cref="PollTransmit(Span{byte}, Instant, out UtpTransmit)"/> wants: the longest train of datagrams the kernel takes in one call.</summary>
    internal const int TransmitBufferLength = 64 * 1024;

    private readonly UtpOptions _options;
    private readonly SynCookies _cookies;
    private readonly StatelessReplies _replies = new();
    private readonly RecentResets _recentResets = new();
    private readonly Dictionary<ConnectionKey, UtpConnection> _connections = [];
    private readonly List<UtpConnection> _connecting = [];
    private readonly ConnectionTimers _timers = new();
    private readonly RingBuffer<UtpConnection> _transmitting = new();
    private readonly RingBuffer<UtpEvent> _events = new();
    private readonly BlockPool _pool;
    private readonly WindowBudget _budget;
    private UtpConnection? _latest;
    private Instant _now;

    /// <param name="options">Limits and switches.</param>
    /// <param name="cookieKey">32 secret random bytes: the key of the sequence numbers that prove a remote's address.</param>
    internal UtpEndpoint(UtpOptions options, ReadOnlySpan<byte> cookieKey)
    {
        _options = options;
        _cookies = new SynCookies(cookieKey);
        _pool = new BlockPool(options.MaxDatagramLength, options.JumboDatagramLength);
        _budget = new WindowBudget(options.WindowBudgetBytes);
        ConnectTimeoutMicroseconds = options.ConnectTimeout.Ticks / TimeSpan.TicksPerMicrosecond;
        KeepAliveMicroseconds = options.KeepAliveInterval.Ticks / TimeSpan.TicksPerMicrosecond;
    }

    internal UtpStatistics Statistics { get; } = new();

    /// <summary>Connections that have state here, those that linger included.</summary>
    internal int ConnectionCount => _connections.Count;

    /// <summary>Blocks of bytes that connections hold now.</summary>
    internal int HeldBlocks => _pool.BlocksInUse;

    /// <summary>Packets that came out of order and wait.</summary>
    internal int HeldPackets => _pool.PacketsInUse;

    internal long ConnectTimeoutMicroseconds { get; }

    internal long KeepAliveMicroseconds { get; }

    /// <summary>Begins a connection.</summary>
    /// <param name="remote">The other side.</param>
    /// <param name="connectionId">Random; drawn again by the endpoint (by counting up) if the remote has it already.</param>
    /// <param name="initialSequenceNumber">Random.</param>
    /// <param name="now">The time.</param>
    internal UtpConnection Connect(TransportAddress remote, ushort connectionId, ushort initialSequenceNumber, Instant now)
    {
        _now = now;
        while (_connections.ContainsKey(new ConnectionKey(remote, connectionId)))
            connectionId = unchecked((ushort)(connectionId + 1));
        var connection = Create(new ConnectionKey(remote, connectionId), unchecked((ushort)(connectionId + 1)));
        _connecting.Add(connection);
        connection.Connect(initialSequenceNumber, now.Microseconds);
        return connection;
    }

    /// <summary>Takes a datagram; what is no µTP, too short or hostile is counted and dropped.</summary>
    internal void Handle(ReadOnlySpan<byte> datagram, TransportAddress remote, Instant now)
    {
        _now = now;
        Statistics.DatagramsReceived++;
        var extensions = PacketExtensions.Nothing;
        if (!PacketHeader.TryRead(datagram, out var header)
            || (header.Extension != ExtensionKind.None && !PacketExtensions.TryRead(datagram, header.Extension, out extensions)))
        {
            Statistics.Dropped++;
            return;
        }

        switch (header.Type)
        {
            case PacketType.Syn:
                HandleSyn(header, extensions.IsMarked, remote, now);
                break;
            case PacketType.Reset:
                HandleReset(header, remote);
                break;
            default:
                if (Find(remote, header.ConnectionId) is { } connection)
                    connection.Handle(header, extensions, datagram[extensions.PayloadOffset..], now.Microseconds);
                else
                    HandleUnknown(header, extensions, datagram[extensions.PayloadOffset..], remote, now);
                break;
        }
    }

    /// <summary>The deadline has come. Too early or too often does nothing.</summary>
    internal void HandleTimeout(Instant now)
    {
        _now = now;
        while (_timers.TryTake(now.Microseconds, out var connection))
        {
            connection.HandleTimeout(now.Microseconds);
            if (connection.State != UtpConnectionState.Ended)
                Wake(connection);
        }
    }

    /// <summary>The kernel did not send this: a datagram of it was longer than a path or interface takes (EMSGSIZE). Other connections on the path find out by themselves.</summary>
    internal void HandleTooLong(in UtpTransmit transmit, int datagramLength, Instant now)
    {
        _now = now;
        if (transmit.Connection is { State: not UtpConnectionState.Ended } connection)
            connection.HandleTooLong(datagramLength, now.Microseconds);
    }

    /// <summary>An ICMP error says that nobody is there (ECONNREFUSED): a hint, which ends only a connection that is being made.</summary>
    internal void HandleUnreachable(TransportAddress remote, Instant now)
    {
        _now = now;
        for (var i = _connecting.Count - 1; i >= 0; i--)
        {
            if (_connecting[i].Remote == remote)
                _connecting[i].HandleUnreachable();
        }
    }

    /// <summary>Writes the next train of datagrams into <paramref name="buffer"/>; false when there is nothing to send now.</summary>
    internal bool PollTransmit(Span<byte> buffer, Instant now, out UtpTransmit transmit) => PollTransmit(buffer, null, now, out transmit);

    /// <inheritdoc cref="PollTransmit(Span{byte}, Instant, out UtpTransmit)"/>
    /// <param name="buffer">At least <see cref="TransmitBufferLength"/> bytes.</param>
    /// <param name="gathered">Takes trains of long datagrams instead: their payload is not copied, and counts until the endpoint is told anything. Null: everything goes to the buffer.</param>
    /// <param name="now">The time.</param>
    /// <param name="transmit">What it is, and where.</param>
    internal bool PollTransmit(Span<byte> buffer, GatherList? gathered, Instant now, out UtpTransmit transmit)
    {
        _now = now;
        if (_replies.TryWrite(buffer, out transmit))
        {
            Count(transmit);
            return true;
        }

        while (_transmitting.TryTake(out var connection))
        {
            connection.IsQueued = false;
            if (connection.TryTransmit(buffer, gathered, now.Microseconds, out transmit))
            {
                // Behind the others: each has one train in turn.
                Wake(connection);
                Count(transmit);
                return true;
            }

            var deadline = connection.DeadlineMicroseconds();
            if (deadline > 0)
                _timers.Schedule(connection, deadline);
        }

        return false;
    }

    /// <summary>When <see cref="HandleTimeout"/> is due; null: not until something happens.</summary>
    internal Instant? PollTimeout() => _timers.First is { } first ? new Instant(first) : null;

    /// <summary>The next event; false when there is none.</summary>
    internal bool PollEvent(out UtpEvent happened) => _events.TryTake(out happened);

    /// <summary>There may be something to transmit, or an event to take.</summary>
    internal bool IsDue => _transmitting.Count > 0 || _events.Count > 0;

    /// <summary>Our clock as the wire has it: microseconds, modulo 2^32, never 0, which libutp reads as none.</summary>
    internal uint Timestamp(long microseconds) => Math.Max(1, unchecked((uint)microseconds + _cookies.ClockOffset));

    /// <summary>The connection may have something to send, or another deadline.</summary>
    internal void Wake(UtpConnection connection)
    {
        if (connection.IsQueued)
            return;
        connection.IsQueued = true;
        _transmitting.Add(connection);
    }

    internal void Raise(UtpConnection connection, UtpEventKind kind) => _events.Add(new UtpEvent(connection, kind));

    /// <summary>A RESET is due, which needs no state.</summary>
    internal void Reset(UtpConnection connection, ushort sequenceNumber, ushort acknowledgementNumber) =>
        Reset(connection.Key, connection.SendId, sequenceNumber, acknowledgementNumber);

    /// <summary>A connection that we began has an answer, or none.</summary>
    internal void Settled(UtpConnection connection) => _connecting.Remove(connection);

    internal void Remove(UtpConnection connection)
    {
        _connections.Remove(connection.Key);
        _timers.Remove(connection);
        if (_latest == connection)
            _latest = null;
    }

    private void HandleSyn(in PacketHeader header, bool isMarked, TransportAddress remote, Instant now)
    {
        Statistics.SynsReceived++;
        if (!_options.Accepts || _connections.ContainsKey(new ConnectionKey(remote, unchecked((ushort)(header.ConnectionId + 1)))))
        {
            Statistics.Dropped++;
            return;
        }

        var timestamp = Timestamp(now.Microseconds);
        var difference = header.Timestamp == 0 ? 0 : unchecked(timestamp - header.Timestamp);
        var cookie = _cookies.Create(remote, header.ConnectionId, header.SequenceNumber, now);
        var answer = new PacketHeader(
            PacketType.State, isMarked ? ExtensionKind.Bits : ExtensionKind.None, header.ConnectionId, timestamp, difference, (uint)_options.InitialWindowBytes,
            cookie, header.SequenceNumber);
        if (!_replies.Add(new StatelessReply(remote, answer, isMarked)))
            Statistics.Dropped++;
    }

    private void HandleReset(in PacketHeader header, TransportAddress remote)
    {
        // The id is ours, or the one we send with: whoever does not know the connection echoes what it got.
        var connection = Find(remote, header.ConnectionId);
        if (connection is null && Find(remote, unchecked((ushort)(header.ConnectionId + 1))) is { } accepted && accepted.SendId == header.ConnectionId)
            connection = accepted;
        if (connection is null && Find(remote, unchecked((ushort)(header.ConnectionId - 1))) is { } begun && begun.SendId == header.ConnectionId)
            connection = begun;
        if (connection is null)
            Statistics.Dropped++;
        else
            connection.HandleReset(header);
    }

    private void HandleUnknown(in PacketHeader header, in PacketExtensions extensions, ReadOnlySpan<byte> payload, TransportAddress remote, Instant now)
    {
        // The initiator's SYN carried the id we answer with; its packets carry one more. The first one follows the SYN.
        var sendId = unchecked((ushort)(header.ConnectionId - 1));
        if (_options.Accepts && _connections.Count < _options.MaxConnections && header.Type is PacketType.Data or PacketType.Fin
            && _cookies.IsValid(
                unchecked((ushort)(header.AcknowledgementNumber + 1)), remote, sendId, unchecked((ushort)(header.SequenceNumber - 1)), now))
        {
            Statistics.Accepted++;
            Create(new ConnectionKey(remote, header.ConnectionId), sendId).Accept(header, extensions, payload, now.Microseconds);
            return;
        }

        Statistics.Dropped++;
        // A packet that is marked belongs to a connection that is being made, whose first one is yet to come.
        if (!extensions.IsMarked)
            Reset(new ConnectionKey(remote, header.ConnectionId), header.ConnectionId, 0, header.SequenceNumber);
    }

    private void Reset(in ConnectionKey key, ushort connectionId, ushort sequenceNumber, ushort acknowledgementNumber)
    {
        if (!_recentResets.TryAdd(key, _now.Microseconds))
            return;
        var header = new PacketHeader(
            PacketType.Reset, ExtensionKind.None, connectionId, Timestamp(_now.Microseconds), 0, 0, sequenceNumber, acknowledgementNumber);
        if (_replies.Add(new StatelessReply(key.Remote, header, IsMarked: false)))
            Statistics.ResetsSent++;
    }

    private UtpConnection Create(ConnectionKey key, ushort sendId)
    {
        var sending = new SendingHalf(_pool, new SendWindow(_budget, _options.InitialWindowBytes, _options.MaxWindowBytes), _options.MaxDatagramLength, _options.JumboDatagramLength);
        var receiving = new ReceivingHalf(_pool, new ReceiveWindow(_budget, _options.InitialWindowBytes, _options.MaxWindowBytes));
        var connection = new UtpConnection(this, key, sendId, sending, receiving);
        _connections.Add(key, connection);
        return connection;
    }

    private UtpConnection? Find(TransportAddress remote, ushort receiveId)
    {
        if (_latest is { } latest && latest.Key.ReceiveId == receiveId && latest.Key.Remote == remote)
            return latest;
        return _connections.TryGetValue(new ConnectionKey(remote, receiveId), out var connection) ? _latest = connection : null;
    }

    private void Count(in UtpTransmit transmit)
    {
        Statistics.DatagramsSent += (transmit.Length + transmit.SegmentLength - 1) / transmit.SegmentLength;
        Statistics.BytesSent += transmit.Length;
    }
}
