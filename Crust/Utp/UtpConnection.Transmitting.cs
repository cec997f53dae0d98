using Crust.Buffers;
using Crust.Primitives;
using Crust.Utp.Packets;
using Crust.Utp.Sending;

namespace Crust.Utp;

internal sealed partial class UtpConnection
{
    /// <summary>Linux, UDP_MAX_SEGMENTS: most datagrams in one call; newer kernels take twice as many.</summary>
    private const int MaxTrainPackets = 64;

    /// <summary>Payload of this length is not copied, where the caller can send it from where it lies. Ours: what datagrams of an ordinary path do not reach, of which a train would have some ninety pieces.</summary>
    private const int MinGatheredLength = 4096;

    /// <summary>Longest UDP payload (IPv6: 65,535 - 8, IPv4: 20 less), which bounds a train as well.</summary>
    private const int MaxTrainLength = 65_507;

    /// <summary>Ours: so long a finished connection acknowledges a FIN that comes again.</summary>
    private const long LingerMicroseconds = 3_000_000;

    /// <summary>Ours: a connection at rest for so long lets its buffers go.</summary>
    private const long IdleMicroseconds = 2_000_000;

    /// <summary>Ours: keep-alive intervals without any packet after which the other side is asked for an answer, and after which it is gone.</summary>
    private const int SilentIntervalsToAsk = 2, SilentIntervalsToEnd = 4;

    private long _sentMicroseconds;
    private bool _holdsBuffers = true;

    /// <summary>Writes the next train; false when nothing may go now.</summary>
    internal bool TryTransmit(Span<byte> buffer, GatherList? gathered, long nowMicroseconds, out UtpTransmit transmit)
    {
        transmit = default;
        if (State == UtpConnectionState.Ended)
            return false;
        var length = 0;
        var segmentLength = 0;
        var isProbe = false;
        var isGathered = false;
        if (State == UtpConnectionState.Connecting)
        {
            if (!_isSynDue)
                return false;
            length = segmentLength = WriteSyn(buffer, nowMicroseconds);
        }
        else if ((_receiving.HasHoles && _receiving.IsAcknowledgementDue(nowMicroseconds))
            || State != UtpConnectionState.Open
            || !TryWriteTrain(buffer, gathered, nowMicroseconds, out length, out segmentLength, out isProbe, out isGathered))
        {
            if (!_receiving.IsAcknowledgementDue(nowMicroseconds) && !IsKeepAliveDue(nowMicroseconds))
                return false;
            length = segmentLength = IsSilent(SilentIntervalsToAsk, nowMicroseconds) ? WriteQuestion(buffer, nowMicroseconds) : WriteState(buffer, nowMicroseconds);
        }

        _sentMicroseconds = nowMicroseconds;
        _holdsBuffers = true;
        if (State != UtpConnectionState.Connecting)
            _receiving.AcknowledgementSent();
        transmit = new UtpTransmit(Remote, length, segmentLength, isProbe, isGathered, this);
        return true;
    }

    /// <summary>A deadline of this connection has come, perhaps.</summary>
    internal void HandleTimeout(long nowMicroseconds)
    {
        switch (State)
        {
            case UtpConnectionState.Connecting:
                if (nowMicroseconds - _openedMicroseconds >= _endpoint.ConnectTimeoutMicroseconds)
                    End(UtpEndReason.ConnectTimedOut);
                else if (_syns > 0 && nowMicroseconds >= SynDeadline)
                    _isSynDue = true;
                break;
            case UtpConnectionState.Open:
                var isMute = !_sending.IsIdle && nowMicroseconds - Math.Max(_receivedMicroseconds, _sending.ProgressMicroseconds) >= SendingHalf.SilenceMicroseconds;
                if (isMute || (_sending.IsIdle && IsSilent(SilentIntervalsToEnd, nowMicroseconds)))
                {
                    _endpoint.Reset(this, PacketNumber.ToSequenceNumber(_sending.Flight.Packets.Next), PacketNumber.ToSequenceNumber(_receiving.Expected - 1));
                    End(UtpEndReason.TimedOut);
                    break;
                }

                _sending.HandleTimeout(nowMicroseconds);
                if (_holdsBuffers && nowMicroseconds >= RestMicroseconds && _sending.IsIdle)
                    Trim();
                break;
            case UtpConnectionState.Lingering when nowMicroseconds >= _receivedMicroseconds + LingerMicroseconds:
                State = UtpConnectionState.Ended;
                _receiving.Close(discards: true);
                _endpoint.Remove(this);
                break;
        }
    }

    /// <summary>The next deadline; 0 without any.</summary>
    internal long DeadlineMicroseconds()
    {
        switch (State)
        {
            case UtpConnectionState.Connecting:
                return Math.Min(_openedMicroseconds + _endpoint.ConnectTimeoutMicroseconds, SynDeadline);
            case UtpConnectionState.Open:
                var deadline = _sending.DeadlineMicroseconds();
                if (_receiving.AcknowledgementMicroseconds > 0)
                    deadline = deadline == 0 ? _receiving.AcknowledgementMicroseconds : Math.Min(deadline, _receiving.AcknowledgementMicroseconds);
                if (_holdsBuffers && _sending.IsIdle)
                    deadline = deadline == 0 ? RestMicroseconds : Math.Min(deadline, RestMicroseconds);
                if (_endpoint.KeepAliveMicroseconds > 0)
                {
                    var keepAlive = _sentMicroseconds + _endpoint.KeepAliveMicroseconds;
                    deadline = deadline == 0 ? keepAlive : Math.Min(deadline, keepAlive);
                }

                return deadline;
            case UtpConnectionState.Lingering:
                return _receivedMicroseconds + LingerMicroseconds;
            default:
                return 0;
        }
    }

    private long RestMicroseconds => Math.Max(_sentMicroseconds, _receivedMicroseconds) + IdleMicroseconds;

    private long SynDeadline => _synMicroseconds + (RttEstimator.InitialTimeoutMicroseconds << Math.Max(0, _syns - 1));

    /// <summary>Nothing is going on: buffers are let go.</summary>
    private void Trim()
    {
        _holdsBuffers = false;
        _sending.Trim();
        _receiving.Trim();
    }

    private bool IsKeepAliveDue(long nowMicroseconds) =>
        State == UtpConnectionState.Open && _endpoint.KeepAliveMicroseconds > 0 && nowMicroseconds - _sentMicroseconds >= _endpoint.KeepAliveMicroseconds;

    /// <summary>Nothing has come for so many intervals between keep-alives.</summary>
    private bool IsSilent(int intervals, long nowMicroseconds) =>
        State == UtpConnectionState.Open && _endpoint.KeepAliveMicroseconds > 0 && nowMicroseconds - _receivedMicroseconds >= intervals * _endpoint.KeepAliveMicroseconds;

    /// <summary>
    /// An empty DATA with the number before the next: the other side has that packet, and acknowledges it once more. A keep-alive, which is a STATE, is answered by nobody,
    /// and libutp sends none after its FIN.
    /// </summary>
    private int WriteQuestion(Span<byte> buffer, long nowMicroseconds)
    {
        Header(PacketType.Data, ExtensionKind.None, _sending.Flight.Packets.Next - 1, nowMicroseconds).Write(buffer);
        return PacketHeader.Length;
    }

    private PacketHeader Header(PacketType type, byte extension, long number, long nowMicroseconds) => new(
        type, extension, SendId, _endpoint.Timestamp(nowMicroseconds), _timestampDifference, _receiving.Announce(),
        PacketNumber.ToSequenceNumber(number), PacketNumber.ToSequenceNumber(_receiving.Expected - 1));

    private int WriteState(Span<byte> buffer, long nowMicroseconds)
    {
        // libutp reads one selective ack, and would take the last one for it.
        var length = State == UtpConnectionState.Open ? _receiving.WriteSelectiveAck(buffer[PacketHeader.Length..], IsCrust ? SelectiveAck.MaxParts : 1) : 0;
        Header(PacketType.State, length > 0 ? ExtensionKind.SelectiveAck : ExtensionKind.None, _sending.Flight.Packets.Next, nowMicroseconds).Write(buffer);
        return PacketHeader.Length + length;
    }

    private bool TryWriteTrain(Span<byte> buffer, GatherList? gathered, long nowMicroseconds, out int length, out int segmentLength, out bool isProbe, out bool isGathered)
    {
        length = segmentLength = 0;
        isProbe = isGathered = false;
        var room = Math.Min(buffer.Length, MaxTrainLength);
        for (var packets = 0; packets < MaxTrainPackets && _sending.TryNext(nowMicroseconds, length, out var next); packets++)
        {
            var wholeLength = next.ProbeLength > 0 ? next.ProbeLength : PacketHeader.Length + _sending.ExtensionLength + next.PayloadLength;
            if (IsCrust && next.IsResent && wholeLength > _sending.MaxDatagramLength)
            {
                if (packets == 0)
                    length = WriteParts(buffer, next, nowMicroseconds, out segmentLength);
                break;
            }

            // All datagrams of a train are as long as the first; only the last may be shorter. A probe goes alone.
            if (packets > 0 && (wholeLength > segmentLength || next.ProbeLength > 0 || length + wholeLength > room))
                break;
            if (packets == 0)
            {
                segmentLength = wholeLength;
                gathered?.Clear();
                isGathered = gathered is not null && next.PayloadLength >= MinGatheredLength && next.ProbeLength == 0 && CanGather(gathered, next);
            }
            else if (isGathered && !CanGather(gathered!, next))
            {
                break;
            }

            if (isGathered)
                GatherPacket(gathered!, wholeLength, next, nowMicroseconds);
            else
                WritePacket(buffer.Slice(length, wholeLength), next, nowMicroseconds);
            _sending.Sent(next, nowMicroseconds);
            length += wholeLength;
            isProbe = next.ProbeLength > 0;
            if (isProbe || wholeLength < segmentLength)
                break;
        }

        return length > 0;
    }

    /// <summary>
    /// A packet that was sent when the path was wider goes again in its parts, as many in this train as the pace allows, and beginning with another one each time: all at once, or always in the same order,
    /// they would overflow a queue that is no longer than one or two of them, each time at the same part.
    /// </summary>
    private int WriteParts(Span<byte> buffer, in NextPacket next, long nowMicroseconds, out int segmentLength)
    {
        const int overhead = PacketHeader.Length + PacketPart.ExtensionLength;
        segmentLength = _sending.MaxDatagramLength;
        var partLength = segmentLength - overhead;
        var parts = (next.PayloadLength + partLength - 1) / partLength;
        var first = _sending.Flight.Packets[next.Number].Transmissions;
        var length = 0;
        var isLast = false;
        // Asked before anything is taken from it: only then does the pace count the time since.
        _ = _sending.MayContinue(nowMicroseconds);
        for (var sent = _sending.SentPartsOf(next); sent < parts && !isLast && (length == 0 || _sending.MayContinue(nowMicroseconds));)
        {
            var offset = (first + sent) % parts * partLength;
            var part = Math.Min(next.PayloadLength - offset, partLength);
            var datagram = buffer.Slice(length, overhead + part);
            Header(PacketType.Data, ExtensionKind.Bits, next.Number, nowMicroseconds).Write(datagram);
            new PacketPart(offset, next.PayloadLength).Write(datagram[PacketHeader.Length..], _marksPackets);
            _sending.CopyPayload(next.Offset + offset, datagram[overhead..]);
            length += datagram.Length;
            sent++;
            _sending.PartSent(next, sent, sent == parts, datagram.Length, nowMicroseconds);
            if (sent == parts)
                _endpoint.Statistics.Retransmissions++;
            // Only the last datagram of a train may be shorter.
            isLast = part < partLength;
        }

        // A train of the shortest part alone.
        segmentLength = Math.Min(segmentLength, length);
        return length;
    }

    /// <summary>Whether a packet's payload stays where it lies, in no more pieces than the list has room for.</summary>
    private bool CanGather(GatherList gathered, in NextPacket next) => _sending.PiecesOf(next) is > 0 and var pieces && pieces < gathered.FreePieces;

    private void GatherPacket(GatherList gathered, int wholeLength, in NextPacket next, long nowMicroseconds)
    {
        WriteHead(gathered.Reserve(wholeLength - next.PayloadLength), next, nowMicroseconds);
        _sending.GatherPayload(next, gathered);
    }

    private void WritePacket(Span<byte> packet, in NextPacket next, long nowMicroseconds)
    {
        WriteHead(packet[..^next.PayloadLength], next, nowMicroseconds);
        _sending.CopyPayload(next.Offset, packet[^next.PayloadLength..]);
    }

    /// <summary>Writes header and extensions, and counts the packet.</summary>
    private void WriteHead(Span<byte> packet, in NextPacket next, long nowMicroseconds)
    {
        var extensionLength = packet.Length - PacketHeader.Length;
        Header(next.IsFin ? PacketType.Fin : PacketType.Data, extensionLength > 0 ? ExtensionKind.Bits : ExtensionKind.None, next.Number, nowMicroseconds).Write(packet);
        if (next.ProbeLength > 0)
            PaddingExtension.Write(packet.Slice(PacketHeader.Length, extensionLength), IsCrust);
        else if (extensionLength > 0)
            PeerMark.Write(packet[PacketHeader.Length..], ExtensionKind.None);
        if (next.IsResent)
            _endpoint.Statistics.Retransmissions++;
        else
            _endpoint.Statistics.PayloadBytesSent += next.PayloadLength;
    }
}
