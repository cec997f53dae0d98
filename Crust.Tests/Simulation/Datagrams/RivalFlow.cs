using System.Buffers.Binary;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// A reliable sender and its receiver, as simple as one can be that behaves like TCP: slow start until the first loss, <see cref="WindowGrowth"/> after it, one
/// reaction to all losses of a window, selective acknowledgement of every packet, three later packets that arrived as the sign of a loss (RFC 6675; told for
/// each transmission, so that a lost retransmit is found too, as in RFC 8985), timers of RFC 6298. Always has something to send.
/// </summary>
internal sealed class RivalFlow
{
    /// <summary>What a full segment carries: 1,500 bytes less headers of IPv4 (20) and TCP with timestamps (32).</summary>
    internal const int PayloadLength = 1448;

    private const int Headers = 52;
    private const int MarkLength = 24;

    /// <summary>Packets under way and unacknowledged at most; a power of two.</summary>
    private const int MaxPackets = 1 << 16;

    private const int ReorderingThreshold = 3;

    /// <summary>Linux's; RFC 6298 says one second.</summary>
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(200);

    private readonly DatagramNetwork _network;
    private readonly TransportAddress _sender;
    private readonly TransportAddress _receiver;
    private readonly World _world;
    private readonly RivalWindow _window;
    private readonly byte[] _segment = new byte[PayloadLength];
    private readonly byte[] _acknowledgement = new byte[MarkLength];
    private readonly long[] _transmissions = new long[MaxPackets];
    private readonly bool[] _isDelivered = new bool[MaxPackets];
    private readonly bool[] _isReceived = new bool[MaxPackets];
    private readonly Queue<(long Number, long Transmission)> _underWay = new();
    private readonly Queue<long> _lost = new();
    private readonly Action _timeout;
    private long _next;
    private long _acknowledged;
    private long _received;
    private long _lastTransmission;
    private long _newestDelivered;
    private int _flight;
    private double _smoothed;
    private double _variation;
    private int _backoff;
    private Instant _timeoutAt;
    private bool _isTimerArmed;
    private bool _isStopped;

    internal RivalFlow(DatagramNetwork network, TransportAddress sender, TransportAddress receiver, WindowGrowth growth)
    {
        (_network, _sender, _receiver, _world) = (network, sender, receiver, network.World);
        _window = new RivalWindow(growth);
        _timeout = OnTimer;
        network.Attach(sender, new Port(HandleAcknowledgement));
        network.Attach(receiver, new Port(HandleSegment));
    }

    /// <summary>Bytes that arrived in order.</summary>
    internal long ArrivedBytes => _received * PayloadLength;

    internal RivalWindow Window => _window;

    internal int Flight => _flight;

    internal long Retransmits { get; private set; }

    internal long Timeouts { get; private set; }

    internal TimeSpan SmoothedRtt => TimeSpan.FromMicroseconds(_smoothed);

    private TimeSpan Timeout
    {
        get
        {
            var time = _smoothed == 0 ? TimeSpan.FromSeconds(1) : TimeSpan.FromMicroseconds(_smoothed + (4 * _variation));
            return (time < MinTimeout ? MinTimeout : time) * Math.Pow(2, _backoff);
        }
    }

    internal void Start()
    {
        _isStopped = false;
        Pump();
    }

    /// <summary>Sends nothing more, not even what was lost.</summary>
    internal void Stop() => _isStopped = true;

    private void Pump()
    {
        while (!_isStopped && _flight < _window.Packets && (_lost.Count > 0 || _next - _acknowledged < MaxPackets - 1))
        {
            if (_lost.TryDequeue(out var number))
            {
                if (number < _acknowledged || _isDelivered[Slot(number)])
                    continue;
                Retransmits++;
            }
            else
            {
                number = _next++;
                _isDelivered[Slot(number)] = false;
            }

            Transmit(number);
        }
    }

    private void Transmit(long number)
    {
        var transmission = ++_lastTransmission;
        _transmissions[Slot(number)] = transmission;
        _underWay.Enqueue((number, transmission));
        if (_flight++ == 0)
            RestartTimer();
        BinaryPrimitives.WriteInt64LittleEndian(_segment, number);
        BinaryPrimitives.WriteInt64LittleEndian(_segment.AsSpan(8), transmission);
        BinaryPrimitives.WriteInt64LittleEndian(_segment.AsSpan(16), _world.Now.Microseconds);
        _network.Send(_sender, _receiver, _segment, Headers);
    }

    /// <summary>At the receiver: everything is acknowledged at once.</summary>
    private void HandleSegment(ReadOnlySpan<byte> bytes)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (number >= _received)
            _isReceived[Slot(number)] = true;
        while (_isReceived[Slot(_received)])
            _isReceived[Slot(_received++)] = false;
        bytes[..MarkLength].CopyTo(_acknowledgement);
        _network.Send(_receiver, _sender, _acknowledgement, Headers);
    }

    private void HandleAcknowledgement(ReadOnlySpan<byte> bytes)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var transmission = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        Measure(_world.Now.Microseconds - BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        _newestDelivered = Math.Max(_newestDelivered, transmission);
        if (number >= _acknowledged && !_isDelivered[Slot(number)])
        {
            _isDelivered[Slot(number)] = true;
            // What counts as lost is not under way any more.
            if (_transmissions[Slot(number)] != 0)
                _flight--;
            _backoff = 0;
            RestartTimer();
            while (_acknowledged < _next && _isDelivered[Slot(_acknowledged)])
                _acknowledged++;
            _window.Acknowledged(_acknowledged, _world.Now, _smoothed);
        }

        FindLost();
        Pump();
    }

    private void FindLost()
    {
        while (_underWay.TryPeek(out var oldest))
        {
            var isOver = oldest.Number < _acknowledged || _isDelivered[Slot(oldest.Number)] || _transmissions[Slot(oldest.Number)] != oldest.Transmission;
            if (!isOver && oldest.Transmission + ReorderingThreshold > _newestDelivered)
                return;
            _underWay.Dequeue();
            if (isOver)
                continue;
            Lose(oldest.Number);
            _window.Lost(oldest.Number, _next);
        }
    }

    private void Lose(long number)
    {
        _transmissions[Slot(number)] = 0;
        _flight--;
        _lost.Enqueue(number);
    }

    private void Measure(long sample)
    {
        if (_smoothed == 0)
            (_smoothed, _variation) = (sample, sample / 2.0);
        _variation += (Math.Abs(_smoothed - sample) - _variation) / 4;
        _smoothed += (sample - _smoothed) / 8;
    }

    private void RestartTimer()
    {
        _timeoutAt = _world.Now + Timeout;
        if (_isTimerArmed)
            return;
        _isTimerArmed = true;
        _world.At(_timeoutAt, _timeout);
    }

    private void OnTimer()
    {
        _isTimerArmed = false;
        if (_isStopped || _flight == 0)
            return;
        if (_timeoutAt > _world.Now)
        {
            _isTimerArmed = true;
            _world.At(_timeoutAt, _timeout);
            return;
        }

        Timeouts++;
        _backoff = Math.Min(_backoff + 1, 6);
        while (_underWay.TryDequeue(out var packet))
        {
            if (packet.Number >= _acknowledged && !_isDelivered[Slot(packet.Number)] && _transmissions[Slot(packet.Number)] == packet.Transmission)
                Lose(packet.Number);
        }

        _window.TimedOut(_next);
        RestartTimer();
        Pump();
    }

    private static int Slot(long number) => (int)(number & (MaxPackets - 1));

    private delegate void Take(ReadOnlySpan<byte> bytes);

    private sealed class Port(Take take) : IDatagramReceiver
    {
        public void Arrived(ReadOnlySpan<byte> bytes, TransportAddress from) => take(bytes);
    }
}
