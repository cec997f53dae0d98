using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// The protocol of a session, without I/O, clock or randomness: record plaintexts, time and application calls go in; record plaintexts, a
/// deadline and events come out. It rides on an ordered, reliable, encrypted record channel of somebody else.
/// After every input the driver drains: <see cref="PollEvent"/> until false, then <see cref="PollRecord"/> until 0, then
/// <see cref="PollEvent"/> again, then takes <see cref="PollTimeout"/>. Time never goes back; spurious timeouts do nothing; one thread at a time.
/// </summary>
internal sealed class SessionMachine
{
    internal SessionMachine(SessionParameters parameters, Instant now) => throw new NotSupportedException($"{parameters} {now}");

    /// <summary>
    /// True as soon as the session is over: no input counts any more. One last record with a GOODBYE may still be polled.
    /// </summary>
    internal bool IsClosed => throw new NotSupportedException();

    internal SessionStatistics Statistics => throw new NotSupportedException();

    /// <summary>Queues a message. The payload belongs to the machine from now on unless the result is other than <see cref="SendResult.Queued"/>.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters.</param>
    /// <param name="priority">0 (highest) to 3; order holds within one protocol and priority.</param>
    /// <param name="payload">At most <see cref="WireLimits.MaxMessageLength"/> bytes, not to be changed afterwards.</param>
    /// <param name="token">Comes back in exactly one outcome event; 0 asks for none.</param>
    /// <param name="now">The driver's time.</param>
    internal SendResult TrySend(string protocol, byte priority, ReadOnlyMemory<byte> payload, long token, Instant now) => throw new NotSupportedException();

    /// <summary>Takes one received record plaintext. False when it broke the protocol (the session is then closed) or the session was closed already.</summary>
    internal bool Handle(ReadOnlySpan<byte> recordPlaintext, Instant now) => throw new NotSupportedException();

    /// <summary>To be called when <see cref="PollTimeout"/> has passed.</summary>
    internal void HandleTimeout(Instant now) => throw new NotSupportedException();

    /// <summary>
    /// The session moved to another link: records polled before now may be lost, records of the old link must not be handled any more. Both ends
    /// must see the same change. Also begins the session's second and later links after a time without any.
    /// </summary>
    internal void HandleLinkChanged(Instant now) => throw new NotSupportedException();

    /// <summary>Tells the remote that nobody takes a message; to be called before the next <see cref="PollRecord"/>, or it is acknowledged instead. <see cref="Consumed"/> is due all the same.</summary>
    internal void Refuse(ulong number, int code) => throw new NotSupportedException();

    /// <summary>The application is done with a received message of this payload length: the remote may send as much again.</summary>
    internal void Consumed(int payloadLength) => throw new NotSupportedException();

    /// <summary>Asks for a PING in the next record; its round trip appears in the statistics.</summary>
    internal void RequestPing() => throw new NotSupportedException();

    /// <summary>
    /// Closes gracefully: refuses new messages, writes what is queued, waits until all of it is acknowledged, then writes the GOODBYE and is
    /// closed. The remote can hold this up: the driver bounds the wait and then calls <see cref="Abort"/>.
    /// </summary>
    internal void Close(GoodbyeCode code, string reason) => throw new NotSupportedException();

    /// <summary>Closes at once; the next polled record carries the GOODBYE.</summary>
    internal void Abort(GoodbyeCode code, string reason) => throw new NotSupportedException();

    /// <summary>Writes the next record plaintext.</summary>
    /// <param name="destination">At least <see cref="WireLimits.MinRecordLength"/> bytes, at most a record's capacity.</param>
    /// <param name="now">The driver's time.</param>
    /// <param name="unixMilliseconds">The wall clock, put into signed statements and used for nothing else.</param>
    /// <returns>Bytes written; 0 when there is nothing to send.</returns>
    internal int PollRecord(Span<byte> destination, Instant now, ulong unixMilliseconds) => throw new NotSupportedException();

    /// <summary>When <see cref="HandleTimeout"/> is due; null when never.</summary>
    internal Instant? PollTimeout() => throw new NotSupportedException();

    internal bool PollEvent(out SessionEvent sessionEvent) => throw new NotSupportedException();
}
