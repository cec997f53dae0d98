using Crust.Buffers;
using Crust.Utp.Congestion;
using Crust.Utp.Memory;
using Crust.Utp.Packets;

namespace Crust.Utp.Sending;

/// <summary>One connection's sending direction: what was written, what is under way, and what may go when.</summary>
internal sealed class SendingHalf(BlockPool pool, SendWindow window, int maxDatagramLength, int jumboDatagramLength)
{
    /// <summary>libutp takes 1,024 packets; one less, as it ignores a STATE that is numbered behind a full window.</summary>
    internal const int StandardWindowPackets = 1023;

    /// <summary>Ours: allowance for the other side's delay of an acknowledgement (<see cref="Receiving.ReceivingHalf"/>).</summary>
    private const long PeerDelayMicroseconds = 20_000;

    /// <summary>Ours: so long nothing is acknowledged although something is under way, and the other side is gone.</summary>
    internal const long SilenceMicroseconds = 30_000_000;

    /// <summary>Ours: in slow start, twice the window a round trip; otherwise a quarter more than the window, so that pacing does not limit.</summary>
    private const double SlowStartPacing = 2, SteadyPacing = 1.25;

    /// <summary>Ours: a writer wakes for an eighth of the room and not for each packet, and what waits unsent lasts until it is awake.</summary>
    private const int WakeFraction = 8;

    /// <summary>Ours (RFC 8899 §4.3): after so many timeouts in a row packets are too long for the path, perhaps; and even those that pass nearly everywhere.</summary>
    private const int BlackHoleTimeouts = 2, NarrowPathTimeouts = 4;

    private readonly WriteQueue _bytes = new(pool);
    private readonly Flight _flight = new();
    private readonly LedbatController _congestion = new();
    private RttEstimator _rtt;
    private Pacer _pacer;
    private PathMtuSearch _pathMtu = new(maxDatagramLength);
    private long _nextOffset;
    private long _allowedEnd;
    private long _finNumber = long.MaxValue;
    private long _timerMicroseconds;
    private long _progressMicroseconds;
    private long _paceMicroseconds;
    private long _windowProbeMicroseconds;
    private int _timeouts;
    private uint _recoveryEnd;
    private bool _isRecovering;
    private bool _hasDelivered;
    private bool _isProbing;
    private bool _probeDue;
    private bool _windowProbeDue;
    private bool _isLimited;
    private int _windowProbes;

    /// <summary>The packet that goes again in parts, and how many of them did.</summary>
    private (long Number, int Sent) _parts;

    internal int MaxWindowPackets { get; set; } = StandardWindowPackets;

    /// <summary>Bytes that each packet has between header and payload now.</summary>
    internal int ExtensionLength { get; set; }

    internal ref readonly RttEstimator Rtt => ref _rtt;

    internal LedbatController Congestion => _congestion;

    internal Flight Flight => _flight;

    internal int MaxDatagramLength => _pathMtu.Length;

    internal int RoomBytes => Math.Max(0, window.LimitBytes - _bytes.Length);

    /// <summary>Enough room that a writer who waited is worth waking.</summary>
    internal bool HasRoomForWriter => RoomBytes >= window.LimitBytes / WakeFraction;

    /// <summary>The FIN is acknowledged, and everything before.</summary>
    internal bool IsFinished => _flight.Packets.First > _finNumber;

    internal bool IsFinishing { get; private set; }

    /// <summary>Nothing is written that was not acknowledged.</summary>
    internal bool IsIdle => _bytes.Length == 0 && _flight.Packets.Count == 0;

    /// <summary>Only the FIN, perhaps, is not acknowledged.</summary>
    internal bool HasDelivered => _bytes.Length == 0;

    /// <summary>The most packets that were ever under way at once.</summary>
    internal int LargestFlightPackets { get; private set; }

    internal long ProgressMicroseconds => _progressMicroseconds;

    private int PacketLength => _pathMtu.Length;

    private int MaxPayload => _pathMtu.Length - PacketHeader.Length - ExtensionLength;

    private double PacingRate => _rtt.HasSample
        ? Math.Max(1e-4, _congestion.WindowBytes * (_congestion.IsSlowStart ? SlowStartPacing : SteadyPacing) / _rtt.SmoothedMicroseconds)
        : double.PositiveInfinity;

    internal void Begin(long number, uint windowBytes, long nowMicroseconds)
    {
        _flight.Packets.Begin(number);
        _congestion.Begin(PacketLength);
        _allowedEnd = windowBytes;
        _progressMicroseconds = nowMicroseconds;
    }

    /// <summary>The other side is a Crust peer: it takes longer datagrams than Ethernet's, if the path does.</summary>
    internal void AllowJumbo() => _pathMtu.AllowJumbo(jumboDatagramLength);

    internal void AddRttSample(long microseconds) => _rtt.AddSample(microseconds);

    internal int Write(ReadOnlySpan<byte> bytes)
    {
        if (IsFinishing)
            return 0;
        var taken = Math.Min(bytes.Length, RoomBytes);
        _bytes.Append(bytes[..taken]);
        return taken;
    }

    /// <summary>Room to write to, of at least so much, whatever the window: <see cref="Commit"/> tells how much was filled.</summary>
    internal Memory<byte> Reserve(int room) => _bytes.Reserve(room);

    internal void Commit(int length) => _bytes.Commit(length);

    internal void EndReservation() => _bytes.EndReservation();

    internal void Finish() => IsFinishing = true;

    /// <summary>Whether an acknowledgement of this number can be meant for us: of what was sent, and not older than the window was ever long.</summary>
    internal bool IsPlausible(long acknowledged) =>
        acknowledged < _flight.Packets.Next && acknowledged >= _flight.Packets.First - 4 - LargestFlightPackets;

    /// <summary>Takes an acknowledgement; true when bytes left the buffer.</summary>
    internal bool HandleAcknowledgement(long acknowledged, in SelectiveAck selectiveAck, uint windowBytes, int queueingDelay, long nowMicroseconds)
    {
        var released = false;
        if (acknowledged + 1 >= _flight.Packets.First)
        {
            var end = acknowledged + 1 < _flight.Packets.Next ? _flight.Packets[acknowledged + 1].Offset : _nextOffset;
            if (acknowledged + 1 == _flight.Packets.First && _flight.Packets.Count == 0)
                end = _nextOffset;
            if (end + windowBytes > _allowedEnd || windowBytes == 0)
                _windowProbes = 0;
            _allowedEnd = end + windowBytes;
            released = end > _bytes.Begin;
            if (released)
                _bytes.Release(end);
        }

        var outcome = _flight.Acknowledge(acknowledged, selectiveAck, nowMicroseconds, _rtt);
        if (outcome.DeliveredPackets == 0)
            return released;

        _hasDelivered = true;
        _progressMicroseconds = nowMicroseconds;
        _timerMicroseconds = nowMicroseconds;
        _timeouts = 0;
        _isProbing = false;
        if (outcome.RttMicroseconds > 0)
            _rtt.AddSample(outcome.RttMicroseconds);
        if (outcome.ProbeDelivered)
            _pathMtu.ProbeDelivered(nowMicroseconds);
        if (outcome.SpuriousPackets > 0)
            _congestion.Spurious(outcome.SpuriousPackets);
        // A window that is not half used is not what limits us, whatever did it last.
        var isLimited = _isLimited && 2L * outcome.PriorInFlight >= _congestion.WindowBytes;
        _congestion.Acknowledged(CongestionSample(outcome.DeliveredBytes, outcome.DeliveredPackets, queueingDelay, isLimited, nowMicroseconds));
        window.Grow(_congestion.WindowBytes, outcome.PriorInFlight, _rtt.MinMicroseconds);
        DetectLosses(nowMicroseconds);
        return released;
    }

    /// <summary>The earliest deadline of this half; 0 without any.</summary>
    internal long DeadlineMicroseconds()
    {
        var deadline = 0L;
        if (_flight.Packets.Count > 0)
        {
            deadline = _timerMicroseconds + TimerMicroseconds();
            if (_flight.LossTimeMicroseconds > 0)
                deadline = Math.Min(deadline, _flight.LossTimeMicroseconds);
        }

        if (_paceMicroseconds > 0)
            deadline = deadline == 0 ? _paceMicroseconds : Math.Min(deadline, _paceMicroseconds);
        if (_windowProbeMicroseconds > 0)
            deadline = deadline == 0 ? _windowProbeMicroseconds : Math.Min(deadline, _windowProbeMicroseconds);
        return deadline;
    }

    /// <summary>A deadline has come.</summary>
    internal void HandleTimeout(long nowMicroseconds)
    {
        if (_paceMicroseconds > 0 && nowMicroseconds >= _paceMicroseconds)
            _paceMicroseconds = 0;
        if (_windowProbeMicroseconds > 0 && nowMicroseconds >= _windowProbeMicroseconds)
        {
            _windowProbeMicroseconds = 0;
            _windowProbes++;
            _windowProbeDue = true;
        }

        if (_flight.Packets.Count == 0)
            return;
        if (_flight.LossTimeMicroseconds > 0 && nowMicroseconds >= _flight.LossTimeMicroseconds)
            DetectLosses(nowMicroseconds);
        if (nowMicroseconds < _timerMicroseconds + TimerMicroseconds())
            return;
        if (!_isProbing && _rtt.HasSample && _timeouts == 0)
        {
            // RFC 8985 §7: one packet asks for an acknowledgement before everything is given up.
            _isProbing = true;
            _probeDue = true;
            return;
        }

        _timeouts++;
        _timerMicroseconds = nowMicroseconds;
        // What probes a closed window is refused, not lost.
        var isRefused = _flight.Packets[_flight.Packets.First].Offset >= _allowedEnd;
        var lost = _flight.LoseAll();
        if (lost.ProbeLost)
            _pathMtu.ProbeLost(nowMicroseconds);
        if (!isRefused && _timeouts >= (_pathMtu.Length > PathMtuSearch.BaseLength ? BlackHoleTimeouts : NarrowPathTimeouts))
            _pathMtu.Exclude(_pathMtu.Length, nowMicroseconds);
        if (!isRefused && (lost.LostPackets > 0 || _timeouts == 1))
            _congestion.TimedOut(lost.LostPackets, PacketLength);
        _isRecovering = true;
        _recoveryEnd = _flight.NextTransmission;
        _probeDue = true;
    }

    internal void ExcludeLength(int length, long nowMicroseconds)
    {
        var isProbe = _pathMtu.ProbeLength >= length;
        _pathMtu.Exclude(length, nowMicroseconds);
        // It never left: its payload need not wait until that is found out.
        if (isProbe)
            _flight.LoseProbe();
    }

    /// <summary>
    /// Chooses the next packet that may go now. <paramref name="trainBytes"/> are in the train already: more may go only if the window still has room.
    /// </summary>
    internal bool TryNext(long nowMicroseconds, int trainBytes, out NextPacket next)
    {
        next = default;
        var mayExceed = _probeDue && trainBytes == 0;
        if (nowMicroseconds < _paceMicroseconds && !mayExceed)
            return false;
        _paceMicroseconds = 0;
        if (!mayExceed && !IsPaced(nowMicroseconds, trainBytes))
            return false;

        if (_flight.TryPeekLost(out var number))
        {
            ref var packet = ref _flight.Packets[number];
            next = new NextPacket(number, packet.Offset, packet.PayloadLength, (packet.State & SentPacketState.Fin) != 0, IsResent: true, ProbeLength: 0);
            return mayExceed || HasRoom(packet.PayloadLength);
        }

        if (mayExceed && _flight.Packets.Count > 0)
        {
            number = _flight.Packets.First;
            ref var packet = ref _flight.Packets[number];
            next = new NextPacket(number, packet.Offset, packet.PayloadLength, (packet.State & SentPacketState.Fin) != 0, IsResent: true, ProbeLength: 0);
            return true;
        }

        _probeDue = false;
        return TryNextNew(nowMicroseconds, out next);
    }

    /// <summary>The packet that was chosen is written.</summary>
    internal void Sent(in NextPacket packet, long nowMicroseconds)
    {
        if (_flight.Packets.Count == 0)
        {
            _timerMicroseconds = nowMicroseconds;
            _progressMicroseconds = nowMicroseconds;
        }

        if (packet.IsResent)
        {
            if (_probeDue)
                _timerMicroseconds = nowMicroseconds;
            _flight.Resend(packet.Number, nowMicroseconds);
        }
        else
        {
            var state = (packet.IsFin ? SentPacketState.Fin : SentPacketState.InFlight) | (packet.ProbeLength > 0 ? SentPacketState.Probe : SentPacketState.InFlight);
            _flight.Add(packet.Offset, packet.PayloadLength, state, nowMicroseconds);
            _nextOffset += packet.PayloadLength;
            if (packet.IsFin)
                _finNumber = packet.Number;
            if (packet.ProbeLength > 0)
                _pathMtu.ProbeSent(packet.ProbeLength);
            LargestFlightPackets = Math.Max(LargestFlightPackets, _flight.Packets.Count);
        }

        _probeDue = false;
        _windowProbeDue = false;
        _pacer.Consume(packet.PayloadLength + PacketHeader.Length);
    }

    /// <summary>How many parts of a packet have been sent.</summary>
    internal int SentPartsOf(in NextPacket packet) => _parts.Number == packet.Number ? _parts.Sent : 0;

    /// <summary>Whether more of a train of parts may go now.</summary>
    internal bool MayContinue(long nowMicroseconds) => IsPaced(nowMicroseconds, trainBytes: 1);

    /// <summary>A part of a packet is written, of <paramref name="datagramLength"/> bytes. The packet is under way with the last one.</summary>
    internal void PartSent(in NextPacket packet, int sentParts, bool isLast, int datagramLength, long nowMicroseconds)
    {
        if (isLast)
            _flight.Resend(packet.Number, nowMicroseconds);
        _parts = isLast ? default : (packet.Number, sentParts);
        // It takes time, in which nothing can be acknowledged.
        _timerMicroseconds = nowMicroseconds;
        _probeDue = false;
        _windowProbeDue = false;
        _pacer.Consume(datagramLength);
    }

    internal void CopyPayload(long offset, Span<byte> destination) => _bytes.CopyTo(offset, destination);

    /// <inheritdoc cref="WriteQueue.PiecesOf"/>
    internal int PiecesOf(in NextPacket packet) => _bytes.PiecesOf(packet.Offset, packet.PayloadLength);

    /// <summary>Adds a packet's payload to a list, where it lies.</summary>
    internal void GatherPayload(in NextPacket packet, GatherList list) => _bytes.Gather(packet.Offset, packet.PayloadLength, list);

    /// <summary>Lets go of what an idle connection does not need.</summary>
    internal void Trim()
    {
        if (!IsIdle)
            return;
        _bytes.Trim();
        _flight.Trim();
        _congestion.Rest();
        window.GiveBack();
    }

    /// <summary>Lets go of everything.</summary>
    internal void Clear()
    {
        _bytes.Clear();
        window.GiveBack();
    }

    private bool TryNextNew(long nowMicroseconds, out NextPacket next)
    {
        next = default;
        var unsent = _bytes.End - _nextOffset;
        if (unsent == 0)
        {
            _isLimited = false;
            if (!IsFinishing || _finNumber != long.MaxValue)
                return false;
            next = new NextPacket(_flight.Packets.Next, _nextOffset, 0, IsFin: true, IsResent: false, ProbeLength: 0);
            return _flight.Packets.Count < MaxWindowPackets;
        }

        if (_flight.Packets.Count >= MaxWindowPackets)
            return false;
        var length = (int)Math.Min(unsent, MaxPayload);
        if (!HasRoom(length))
        {
            _isLimited = true;
            return false;
        }

        var allowed = _allowedEnd - _nextOffset;
        if (allowed < length)
        {
            // RFC 9293 §3.8.6.2.1: no crumbs, unless the window stays like that.
            if (allowed < MaxPayload / 2 && _flight.Packets.Count > 0)
                return false;
            if (allowed <= 0 && !_windowProbeDue)
            {
                if (_windowProbeMicroseconds == 0)
                    _windowProbeMicroseconds = nowMicroseconds + _rtt.TimeoutMicroseconds(_windowProbes);
                return false;
            }

            length = (int)Math.Max(1, allowed);
        }

        _windowProbeMicroseconds = 0;
        // The first packets open the connection: they must not be too long for the path.
        var probe = length == MaxPayload && _hasDelivered ? _pathMtu.WantedProbe(nowMicroseconds) : 0;
        // Filler has a shortest length: a probe that is a little longer than a packet carries a little less.
        if (probe > 0)
            length = Math.Min(length, probe - PacketHeader.Length - PaddingExtension.MinLength);
        next = new NextPacket(_flight.Packets.Next, _nextOffset, length, IsFin: false, IsResent: false, probe);
        return true;
    }

    private bool HasRoom(int payloadLength) =>
        _flight.BytesInFlight == 0 || _flight.BytesInFlight + payloadLength + PacketHeader.Length <= _congestion.WindowBytes;

    private bool IsPaced(long nowMicroseconds, int trainBytes)
    {
        var rate = PacingRate;
        if (double.IsPositiveInfinity(rate) || _pacer.Available(rate, PacketLength, nowMicroseconds) > 0)
            return true;
        if (trainBytes == 0 && (_bytes.End > _nextOffset || _flight.LostPackets > 0))
            _paceMicroseconds = _pacer.NextMicroseconds(rate, PacketLength);
        return false;
    }

    private long TimerMicroseconds()
    {
        if (_isProbing || _timeouts > 0 || !_rtt.HasSample)
            return _rtt.TimeoutMicroseconds(_timeouts);
        // RFC 8985 §7.2: two round trips, and what the other side may wait.
        return Math.Min(_rtt.TimeoutMicroseconds(0), (2L * _rtt.SmoothedMicroseconds) + PeerDelayMicroseconds);
    }

    private void DetectLosses(long nowMicroseconds)
    {
        var lost = _flight.DetectLosses(nowMicroseconds, _rtt);
        if (lost.ProbeLost)
            _pathMtu.ProbeLost(nowMicroseconds);
        if (lost.LostPackets == 0)
            return;
        // Once a round trip: what was sent before the last reduction says nothing new.
        var isNew = !_isRecovering || unchecked((int)(lost.LastTransmission - _recoveryEnd)) >= 0;
        if (!_congestion.Lost(lost.LostPackets, isNew, CongestionSample(0, 0, 0, isLimited: false, nowMicroseconds)))
            return;
        _isRecovering = true;
        _recoveryEnd = _flight.NextTransmission;
    }

    private CongestionSample CongestionSample(int bytes, int packets, int queueingDelay, bool isLimited, long nowMicroseconds) => new(
        bytes, packets, queueingDelay, PacketLength, isLimited, _rtt.LatestMicroseconds, _rtt.SmoothedMicroseconds, _rtt.MinMicroseconds, nowMicroseconds);
}
