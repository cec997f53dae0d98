using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Session.Receiving;
using Crust.Session.Sending;
using Crust.Wire;

namespace Crust.Session.Streams;

/// <summary>
/// The streams of a session. The lower id's streams have even ids, the higher's odd ones, counted up in the order of their openings on the wire. An end
/// may have <see cref="WireLimits.MaxStreams"/> of its own making open: one is over for it once the remote has acknowledged its end and ended too.
/// </summary>
internal sealed class StreamTable
{
    /// <summary>
    /// What the remote may have open, as we see it: streams that are over for it may not be for us yet, since its acknowledgement of our end is on the way.
    /// </summary>
    private const int MaxRemote = WireLimits.MaxStreams * 2;

    private readonly Dictionary<ulong, SessionStream> _streams = [];
    private readonly Queue<SessionStream> _creditDue = new();
    private readonly Queue<(SessionStream Stream, int Code)> _stopped = new();
    private readonly List<SessionStream> _forgotten = [];
    private readonly SessionLimits _limits;
    private readonly Queue<SessionEvent> _events;
    private readonly Func<string, bool> _leavesUnsigned;
    private ulong _lastOwn;
    private ulong _lastArrived;
    private ulong _lastDelivered;
    private int _own;
    private int _remote;

    internal StreamTable(SessionParameters parameters, Queue<SessionEvent> events)
    {
        _limits = parameters.Limits;
        _events = events;
        _leavesUnsigned = parameters.LeavesUnsigned;
        var isLower = parameters.Self.Id < parameters.Remote;
        _lastOwn = isLower ? 0UL : ulong.MaxValue;
        _lastArrived = _lastDelivered = isLower ? ulong.MaxValue : 0UL;
    }

    /// <summary>Streams that are not over.</summary>
    internal int Count => _own + _remote;

    /// <summary>Whether one more may be opened from here.</summary>
    internal bool HasRoom => _own < WireLimits.MaxStreams;

    /// <summary>The id that the next stream of ours gets when its opening is written.</summary>
    internal ulong NextId => unchecked(_lastOwn + 2);

    /// <summary>A stream of ours, which gets its id later.</summary>
    internal SessionStream Open(OutboundStream outbound, string protocol)
    {
        _own++;
        var stream = new SessionStream(outbound, new InboundStream(_limits), protocol, isOurs: true);
        outbound.Owner = stream;
        return stream;
    }

    /// <summary>The opening was written under <see cref="NextId"/>.</summary>
    internal void Opened(SessionStream stream)
    {
        _lastOwn = stream.Id;
        _streams.Add(stream.Id, stream);
    }

    /// <summary>
    /// An entry of a stream arrived, whole but not verified.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="protocol">Its protocol's name.</param>
    /// <param name="offset">Where it stands in its stream.</param>
    /// <returns>False when it breaks the protocol: an id out of turn, data after the end or beyond the credit, one stream too many.</returns>
    internal bool TryArrive(InboundEntry entry, out ReadOnlySpan<byte> protocol, out ulong offset)
    {
        protocol = default;
        offset = 0;
        if (entry.Shape.Kind == EntryKind.StreamOpen)
        {
            if (entry.Shape.Stream != unchecked(_lastArrived + 2) || _remote >= MaxRemote)
                return false;
            _lastArrived = entry.Shape.Stream;
            _remote++;
            protocol = entry.Protocol!.Bytes;
            // The remote's priority holds for our direction too.
            var outbound = new OutboundStream(new OutboundProtocol(entry.Protocol.Bytes, _leavesUnsigned(entry.Protocol.Name)), entry.Shape.Priority) { Id = entry.Shape.Stream };
            var opened = new SessionStream(outbound, new InboundStream(_limits), entry.Protocol.Name, isOurs: false);
            outbound.Owner = opened;
            _streams.Add(entry.Shape.Stream, opened);
            return true;
        }

        if (entry.Shape.Kind == EntryKind.StreamStop)
        {
            // The remote wrote it before it knew that our direction had ended: the stream may be over.
            _ = Find(entry.Shape.Stream, out var isKnown);
            return isKnown;
        }

        if (!_streams.TryGetValue(entry.Shape.Stream, out var stream))
            return false;
        protocol = stream.Outbound.Protocol.Name;
        offset = stream.Inbound.ArrivedThrough;
        return entry.Shape.Kind switch
        {
            EntryKind.StreamData => stream.Inbound.TryArrive(entry.Length),
            _ => stream.Inbound.TryArriveEnd(),
        };
    }

    /// <summary>An entry of a stream is verified.</summary>
    /// <param name="entry">The entry, which arrived before.</param>
    /// <param name="isSigned">Whether its payload is.</param>
    /// <param name="keeps">True when the application has the payload now and will consume it.</param>
    internal void Deliver(InboundEntry entry, bool isSigned, out bool keeps)
    {
        keeps = false;
        if (!_streams.TryGetValue(entry.Shape.Stream, out var stream))
            return;
        switch (entry.Shape.Kind)
        {
            case EntryKind.StreamOpen:
                _lastDelivered = entry.Shape.Stream;
                _events.Enqueue(new SessionEvent(SessionEventKind.StreamOpened, Protocol: stream.Protocol, Priority: entry.Shape.Priority, Stream: stream, IsSigned: isSigned));
                break;
            case EntryKind.StreamData:
                stream.Inbound.Delivered(entry.Length);
                keeps = !stream.Inbound.IsStopped;
                if (keeps)
                    _events.Enqueue(new SessionEvent(SessionEventKind.StreamData, Payload: entry.Payload, Stream: stream, IsSigned: isSigned));
                else
                    stream.Inbound.Window.Consume(entry.Length);
                break;
            case EntryKind.StreamFinish:
                stream.Inbound.End();
                _events.Enqueue(new SessionEvent(SessionEventKind.StreamFinished, Stream: stream, IsSigned: isSigned));
                break;
            case EntryKind.StreamReset:
                stream.Inbound.End();
                _events.Enqueue(new SessionEvent(SessionEventKind.StreamReset, Stream: stream, Code: Code(entry), IsSigned: isSigned));
                break;
            default:
                _stopped.Enqueue((stream, Code(entry)));
                _events.Enqueue(new SessionEvent(SessionEventKind.StreamStopped, Stream: stream, Code: Code(entry), IsSigned: isSigned));
                break;
        }

        RemoveIfOver(stream);
    }

    /// <summary>The stream of an id; false in <paramref name="isKnown"/> when there never was one.</summary>
    internal SessionStream? Find(ulong id, out bool isKnown)
    {
        if (_streams.TryGetValue(id, out var stream))
        {
            isKnown = true;
            return stream;
        }

        // Both counters begin at the id below their first, which may be below zero.
        isKnown = id != 0 && unchecked((id & 1) == (_lastOwn & 1) ? id + 2 <= _lastOwn + 2 : id + 2 <= _lastDelivered + 2);
        return null;
    }

    /// <summary>The application is done with bytes of a stream.</summary>
    internal void Consumed(SessionStream stream, int bytes, TimeSpan? roundTrip, Instant now)
    {
        var window = stream.Inbound.Window;
        window.Consume(bytes);
        window.Tune(roundTrip, now);
        if (window.IsUpdateDue)
            QueueCredit(stream);
    }

    /// <summary>Whether credit of a stream waits to be written.</summary>
    internal bool IsCreditDue => _creditDue.Count > 0;

    internal void WriteCredit(ref SpanWriter writer)
    {
        while (_creditDue.Count > 0 && writer.Remaining >= StreamCreditFrame.MaxLength)
        {
            var stream = _creditDue.Dequeue();
            stream.Inbound.IsCreditQueued = false;
            if (stream.Inbound.HasArrivedEnd || stream.Id == 0)
                continue;
            new StreamCreditFrame(stream.Id, (ulong)stream.Inbound.Window.Granted).Write(ref writer);
            stream.Inbound.Window.Announced();
        }
    }

    /// <summary>Takes a stream whose remote wants no more of it: our direction is to be reset.</summary>
    internal bool TryTakeStopped(out (SessionStream Stream, int Code) stopped) => _stopped.TryDequeue(out stopped);

    /// <summary>A stream that is over is forgotten.</summary>
    internal void RemoveIfOver(SessionStream stream)
    {
        if (!stream.IsOver || !_streams.Remove(stream.Id))
            return;
        stream.Inbound.Window.Shrink(over: true);
        if (stream.IsOurs)
            _own--;
        else
            _remote--;
        _events.Enqueue(new SessionEvent(SessionEventKind.StreamOver, Stream: stream));
    }

    /// <summary>The link changed: openings that were not verified come again, and credit may have been lost.</summary>
    internal void HandleLinkChanged()
    {
        foreach (var (id, stream) in _streams)
        {
            if (!stream.IsOurs && unchecked(id + 2 > _lastDelivered + 2))
            {
                _forgotten.Add(stream);
                continue;
            }

            stream.Inbound.Rewind();
            // Where nothing was granted beyond the first window, nothing can have been lost; and the remote may not know the stream yet.
            if (!stream.Inbound.IsEnded && stream.Inbound.Window.Granted > WireLimits.InitialStreamWindow)
                QueueCredit(stream);
        }

        foreach (var stream in _forgotten)
        {
            _streams.Remove(stream.Id);
            _remote--;
        }

        _forgotten.Clear();
        _lastArrived = _lastDelivered;
    }

    /// <summary>The session is over: memory goes back.</summary>
    internal void Wipe()
    {
        foreach (var stream in _streams.Values)
            stream.Inbound.Window.Shrink(over: true);
        _streams.Clear();
    }

    private static int Code(InboundEntry entry) => (int)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(entry.Payload.Span), int.MaxValue);

    private void QueueCredit(SessionStream stream)
    {
        if (stream.Inbound.IsCreditQueued)
            return;
        stream.Inbound.IsCreditQueued = true;
        _creditDue.Enqueue(stream);
    }
}
