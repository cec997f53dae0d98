using Crust.Primitives;
using Crust.Session;

namespace Crust.Tests.Unit.Session;

/// <summary>One end of a <see cref="SessionPair"/>: the machine, the records it wrote that have not arrived, and everything it told.</summary>
internal sealed class SessionEnd(SessionMachine machine)
{
    internal SessionMachine Machine { get; } = machine;

    /// <summary>Records on their way to the other end, in order.</summary>
    internal Queue<byte[]> Outbox { get; } = new();

    /// <summary>All events, in order.</summary>
    internal List<SessionEvent> Events { get; } = [];

    /// <summary>True when the application takes each message at once.</summary>
    internal bool Consumes { get; set; } = true;

    /// <summary>Refuses messages of this protocol.</summary>
    internal string? RefusedProtocol { get; set; }

    internal IEnumerable<SessionEvent> Messages => Of(SessionEventKind.MessageReceived);

    internal SessionEvent Closed => Of(SessionEventKind.Closed).Single();

    internal IEnumerable<SessionEvent> Of(SessionEventKind kind) => Events.Where(e => e.Kind == kind);

    internal long[] Tokens(SessionEventKind kind) => [.. Of(kind).Select(e => e.Token)];

    internal void DrainEvents()
    {
        while (Machine.PollEvent(out var sessionEvent))
        {
            Events.Add(sessionEvent);
            if (sessionEvent.Kind != SessionEventKind.MessageReceived)
                continue;
            if (sessionEvent.Protocol == RefusedProtocol)
                Machine.Refuse(sessionEvent.Number, (int)RefuseCode.UnknownProtocol);
            if (Consumes)
                Machine.Consumed(sessionEvent.Payload!.Length);
        }
    }

    /// <summary>Polls one record into the outbox; false when there was none.</summary>
    internal bool PollOne(int recordLength, Instant now, ulong unixMilliseconds)
    {
        var buffer = new byte[recordLength];
        var length = Machine.PollRecord(buffer, now, unixMilliseconds);
        if (length > 0)
            Outbox.Enqueue(buffer[..length]);
        DrainEvents();
        return length > 0;
    }
}
