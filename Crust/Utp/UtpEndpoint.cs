using Crust.Primitives;

namespace Crust.Utp;

/// <summary>
/// All µTP connections of one UDP socket (BEP 29): datagrams and time go in; datagrams, one deadline and events come out. Pure; one thread at a time.
/// Time never goes back. After each input, and after each call on a connection, drain <see cref="PollTransmit"/> and <see cref="PollEvent"/>,
/// then ask for <see cref="PollTimeout"/>.
/// </summary>
internal sealed class UtpEndpoint
{
    /// <summary>Room that <see cref="PollTransmit"/> wants: the longest train of datagrams the kernel takes in one call.</summary>
    internal const int TransmitBufferLength = 64 * 1024;

    /// <param name="options">Limits and switches.</param>
    /// <param name="cookieKey">32 secret random bytes: the key of the sequence numbers that prove a remote's address.</param>
    internal UtpEndpoint(UtpOptions options, ReadOnlySpan<byte> cookieKey) => throw new NotImplementedException();

    /// <summary>Begins a connection.</summary>
    /// <param name="remote">The other side.</param>
    /// <param name="connectionId">Random; drawn again by the endpoint (by counting up) if the remote has it already.</param>
    /// <param name="initialSequenceNumber">Random.</param>
    /// <param name="now">The time.</param>
    internal UtpConnection Connect(TransportAddress remote, ushort connectionId, ushort initialSequenceNumber, Instant now) => throw new NotImplementedException();

    /// <summary>Takes a datagram; what is no µTP, too short or hostile is counted and dropped.</summary>
    internal void Handle(ReadOnlySpan<byte> datagram, TransportAddress remote, Instant now) => throw new NotImplementedException();

    /// <summary>The deadline has come. Too early or too often does nothing.</summary>
    internal void HandleTimeout(Instant now) => throw new NotImplementedException();

    /// <summary>The kernel did not send: the datagram was longer than a path or interface takes (EMSGSIZE).</summary>
    internal void HandleTooLong(TransportAddress remote, int datagramLength, Instant now) => throw new NotImplementedException();

    /// <summary>An ICMP error says that nobody is there (ECONNREFUSED): a hint, which ends only a connection that is being made.</summary>
    internal void HandleUnreachable(TransportAddress remote, Instant now) => throw new NotImplementedException();

    /// <summary>Writes the next train of datagrams into <paramref name="buffer"/>; false when there is nothing to send now.</summary>
    internal bool PollTransmit(Span<byte> buffer, Instant now, out UtpTransmit transmit) => throw new NotImplementedException();

    /// <summary>When <see cref="HandleTimeout"/> is due; null: not until something happens.</summary>
    internal Instant? PollTimeout() => throw new NotImplementedException();

    /// <summary>The next event; false when there is none.</summary>
    internal bool PollEvent(out UtpEvent happened) => throw new NotImplementedException();
}
