using Crust.Session;
using Crust.Session.Streams;

namespace Crust.Tests.Simulation;

/// <summary>
/// One end of a stream: writes a plan of bytes and an end, and checks what comes from the other end byte by byte. Both directions are independent.
/// </summary>
internal sealed class StreamTraffic
{
    private readonly SimulatedSession _session;
    private readonly long _content;
    private readonly long _length;
    private readonly bool _resets;
    private readonly long? _stopAt;
    private readonly bool _stopsAtEnd;
    private long _written;
    private long _received;
    private long _held;
    private bool _isEnded;
    private bool _hasReset;
    private bool _isStopping;
    private bool _hasStopped;
    private bool _wasStopped;
    private bool _isForgotten;
    private bool _isOver;
    private bool _isAbandoned;

    internal StreamTraffic(SimulatedSession session, SessionStream stream)
    {
        (_session, Stream) = (session, stream);
        stream.Tag = this;
        var random = World.Random;
        _content = session.Node.Directory.NextId() * 104_729;
        _length = session.Application.TakeBytes(random.Next(4) switch { 0 => 0, 1 => random.Next(2000), _ => random.Next(400 << 10) });
        _resets = random.Chance(0.12);
        _stopAt = random.Chance(0.12) ? random.Next(1 + random.Next(200 << 10)) : null;
        // Late: it may meet the finish under way.
        _stopsAtEnd = _content % 7 == 0;
    }

    internal SessionStream Stream { get; }

    internal bool IsOurs => Stream.IsOurs;

    /// <summary>The other end's; null until it knows of the stream.</summary>
    internal StreamTraffic? Other { get; set; }

    /// <summary>Bytes that the application has done with, at most: once it has stopped, whatever comes.</summary>
    internal long Consumed => _hasStopped ? Other?._written ?? 0 : _received - _held;

    /// <summary>True when both directions have ended, as far as this end knows.</summary>
    internal bool IsOver => _isAbandoned || (_isEnded && _isOver);

    private World World => _session.World;

    private string Name => $"{_session.Node.Name} stream {Stream.Id}";

    internal void Start() => World.Soon(Write);

    /// <summary>The session is over.</summary>
    internal void Abandon() => _isAbandoned = true;

    internal void Handle(in SessionEvent e)
    {
        if (_isForgotten && e.Kind != SessionEventKind.StreamWritable)
            throw new SimulationException($"{Name}: {e.Kind} was told although it was over");
        switch (e.Kind)
        {
            case SessionEventKind.StreamData:
                Received(e);
                break;
            case SessionEventKind.StreamFinished:
                if (_isOver || !Other!._isEnded || Other._hasReset || (!_hasStopped && _received != Other._written))
                    throw new SimulationException($"{Name}: finished at {_received} of {Other!._written} bytes");
                _isOver = true;
                break;
            case SessionEventKind.StreamReset:
                if (_isOver || !(Other!._hasReset || _hasStopped))
                    throw new SimulationException($"{Name}: reset, and nobody did");
                _isOver = true;
                break;
            case SessionEventKind.StreamStopped:
                if (_wasStopped || !Other!._hasStopped)
                    throw new SimulationException($"{Name}: stopped, and nobody did");
                _wasStopped = true;
                _isEnded = true;
                break;
            case SessionEventKind.StreamOver:
                if (_isForgotten || !Stream.IsOver)
                    throw new SimulationException($"{Name}: told twice or too early to be over");
                _isForgotten = true;
                break;
            default:
                World.Soon(Write);
                break;
        }
    }

    private void Received(in SessionEvent e)
    {
        var payload = e.Payload;
        if (_isOver || _hasStopped || Other is null || _received + payload.Length > Other._written || !Content.IsPiece(payload.Span, Other._content + _received))
            throw new SimulationException($"{Name}: {payload.Length} bytes at {_received} are not what was written there ({Other?._written} bytes in all)");
        var place = Other._content + _received;
        _received += payload.Length;
        World.Mark((ulong)_received);
        _held += payload.Length;
        _session.Application.HeldStreamData += WireLimits.Cost(payload.Length);
        _session.Application.Hold(() =>
        {
            if (!Content.IsPiece(payload.Span, place))
                throw new SimulationException($"{Name}: bytes changed while the application held them");
            _held -= payload.Length;
            _session.Application.HeldStreamData -= WireLimits.Cost(payload.Length);
            _session.Machine.StreamConsumed(Stream, payload, World.Now);
        });
        if (_isStopping || !(_received >= _stopAt || (_stopsAtEnd && _received == Other._length)))
            return;
        _isStopping = true;
        World.Soon(() =>
        {
            if (!_session.IsOpen)
                return;
            _hasStopped = true;
            _session.Machine.Stop(Stream, 7, World.Now);
            _session.Settle();
        });
    }

    /// <summary>Writes until there is no room, or a pause is due, or the end.</summary>
    private void Write()
    {
        if (_isEnded || !_session.IsOpen)
            return;
        var random = World.Random;
        while (_written < _length)
        {
            var bytes = new byte[Math.Min(_length - _written, random.Next(1, 48 << 10))];
            Content.CopyFrom(_content + _written, bytes);
            var taken = _session.Machine.Write(Stream, bytes, World.Now);
            if (taken < 0)
                throw new SimulationException($"{Name}: cannot be written to, and has not ended");
            _written += taken;
            if (taken == 0 || random.Chance(0.2))
            {
                _session.Settle();
                if (taken > 0)
                    World.After(World.UpTo(TimeSpan.FromMilliseconds(500)), Write);
                return;
            }
        }

        _isEnded = true;
        if (_resets)
        {
            _hasReset = true;
            _session.Machine.Reset(Stream, 9, World.Now);
        }
        else
        {
            _session.Machine.Finish(Stream, World.Now);
        }

        _session.Settle();
    }
}
