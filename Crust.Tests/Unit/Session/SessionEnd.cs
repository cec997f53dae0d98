using Crust.Buffers;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Streams;

namespace Crust.Tests.Unit.Session;

/// <summary>One end of a <see cref="SessionPair"/>: the machine, its links, and everything it told.</summary>
internal sealed class SessionEnd(SessionMachine machine)
{
    private readonly Dictionary<SessionStream, StreamLog> _streams = [];
    private readonly LentPayloads _lent = new();

    internal SessionMachine Machine { get; } = machine;

    /// <summary>All links it ever had, in order.</summary>
    internal List<LinkEnd> Links { get; } = [];

    /// <summary>The link added last.</summary>
    internal LinkEnd Newest => Links[^1];

    /// <summary>Records on their way to the other end over the newest link, in order.</summary>
    internal Queue<(byte[] Record, Instant Due)> Outbox => Newest.Outbox;

    /// <summary>All events, in order.</summary>
    internal List<Told> Events { get; } = [];

    /// <summary>Whether the application is done with a message, datagram or piece of a stream at once; else it stays in <see cref="Held"/>.</summary>
    internal Func<SessionEvent, bool> Takes { get; set; } = static _ => true;

    internal bool Consumes { set => Takes = _ => value; }

    /// <summary>What the application has not consumed.</summary>
    internal Queue<SessionEvent> Held { get; } = new();

    /// <summary>Refuses messages of this protocol.</summary>
    internal string? RefusedProtocol { get; set; }

    internal IEnumerable<Told> Messages => Of(SessionEventKind.MessageReceived);

    internal Told Closed => Of(SessionEventKind.Closed).Single();

    /// <summary>The streams that the other end opened, in order.</summary>
    internal IReadOnlyList<SessionStream> Opened => [.. Of(SessionEventKind.StreamOpened).Select(e => e.Stream!)];

    internal IEnumerable<Told> Of(SessionEventKind kind) => Events.Where(e => e.Kind == kind);

    internal long[] Tokens(SessionEventKind kind) => [.. Of(kind).Select(e => e.Token)];

    /// <summary>What was told about a stream.</summary>
    internal StreamLog Log(SessionStream stream)
    {
        if (!_streams.TryGetValue(stream, out var log))
            _streams.Add(stream, log = new StreamLog());
        return log;
    }

    /// <summary>The oldest record that is under way over the newest link.</summary>
    internal byte[] TakeRecord() => Outbox.Dequeue().Record;

    internal void DrainEvents(Instant now)
    {
        while (Machine.PollEvent(out var sessionEvent))
        {
            Events.Add(new Told(sessionEvent, sessionEvent.Payload.Span.ToArray()));
            if (sessionEvent.Stream is { } stream)
                Note(Log(stream), sessionEvent);
            if (sessionEvent.Kind == SessionEventKind.MessageReceived && sessionEvent.Protocol == RefusedProtocol)
                Machine.Refuse(sessionEvent.Number, (int)RefuseCode.UnknownProtocol);
            if (sessionEvent.Kind is not (SessionEventKind.MessageReceived or SessionEventKind.StreamData or SessionEventKind.DatagramReceived))
                continue;
            if (Takes(sessionEvent))
                Consume(sessionEvent, now);
            else
                Held.Enqueue(sessionEvent);
        }
    }

    /// <summary>Consumes so many of what was held.</summary>
    internal void ConsumeHeld(Instant now, int count = int.MaxValue)
    {
        for (; count > 0 && Held.TryDequeue(out var held); count--)
            Consume(held, now);
    }

    /// <summary>Polls one record of a link into its outbox; false when there was none.</summary>
    internal bool PollOne(LinkEnd link, int recordLength, Instant now, ulong unixMilliseconds)
    {
        var buffer = new byte[recordLength];
        var length = Machine.PollRecord(link.Handle, buffer, now, unixMilliseconds, _lent);
        _lent.CopyTo(buffer);
        Machine.TakeBack(_lent);
        if (length > 0)
            link.Outbox.Enqueue((buffer[..length], now + link.Link.Delay));
        DrainEvents(now);
        return length > 0;
    }

    private static void Note(StreamLog log, in SessionEvent sessionEvent)
    {
        switch (sessionEvent.Kind)
        {
            case SessionEventKind.StreamData:
                log.Bytes.AddRange(sessionEvent.Payload.Span);
                break;
            case SessionEventKind.StreamFinished:
                log.Finishes++;
                break;
            case SessionEventKind.StreamReset:
                log.ResetCode = sessionEvent.Code;
                break;
            case SessionEventKind.StreamStopped:
                log.StopCode = sessionEvent.Code;
                break;
            case SessionEventKind.StreamWritable:
                log.Writables++;
                break;
        }
    }

    private void Consume(in SessionEvent sessionEvent, Instant now)
    {
        if (sessionEvent.Kind == SessionEventKind.MessageReceived)
            Machine.MessageConsumed(sessionEvent.Payload, now);
        else if (sessionEvent.Kind == SessionEventKind.StreamData)
            Machine.StreamConsumed(sessionEvent.Stream!, sessionEvent.Payload, now);
        else
            Machine.DatagramConsumed(sessionEvent.Payload);
    }
}
