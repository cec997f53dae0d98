using Crust.Primitives;
using Crust.Utp.Congestion;
using Crust.Utp.Packets;
using Crust.Utp.Receiving;
using Crust.Utp.Sending;

namespace Crust.Utp;

internal sealed partial class UtpConnection
{
    /// <summary>The design's: DATA that was sent so long before the newest is refused; a round trip if that is longer. Sequence numbers wrap in 0.7 s at 1 Gbit/s.</summary>
    private const int OldMicroseconds = 100_000;

    /// <summary>Ours: after such a pause timestamps say nothing about age; they wrap within 36 minutes.</summary>
    private const long TimestampLifetimeMicroseconds = 60_000_000;

    private readonly DelayHistory _delays = new();
    private uint _timestampDifference;
    private uint _newestTimestamp;
    private long _newestMicroseconds;
    private long _receivedMicroseconds;
    private int _queueingDelay;
    private bool _isReadableSignalled;
    private bool _wantsWritable;

    /// <summary>Takes a STATE, DATA or FIN of this connection.</summary>
    internal void Handle(in PacketHeader header, in PacketExtensions extensions, ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        if (State == UtpConnectionState.Connecting)
        {
            HandleAnswer(header, extensions, nowMicroseconds);
            return;
        }

        var acknowledged = PacketNumber.Nearest(header.AcknowledgementNumber, _sending.Flight.Packets.First);
        var number = PacketNumber.Nearest(header.SequenceNumber, _receiving.Expected);
        if (!_sending.IsPlausible(acknowledged) || Math.Abs(number - _receiving.Expected) > WideWindowPackets)
        {
            _endpoint.Statistics.Dropped++;
            return;
        }

        var carries = header.Type is PacketType.Data or PacketType.Fin;
        if (!NoteTimestamp(header.Timestamp, carries, nowMicroseconds))
        {
            _endpoint.Statistics.Dropped++;
            _endpoint.Statistics.Old++;
            return;
        }

        _receivedMicroseconds = nowMicroseconds;
        if (carries && header.TimestampDifference != 0)
            NoteRoundTrip(header.TimestampDifference);
        if (State == UtpConnectionState.Open)
            HandleAcknowledgement(acknowledged, header, extensions.SelectiveAck, nowMicroseconds);
        if (carries && (extensions.Part.WholeLength == 0 || _receiving.TryComplete(number, extensions.Part, payload, out payload)))
            HandlePayload(number, payload, header.Type == PacketType.Fin, nowMicroseconds);
        _endpoint.Wake(this);
    }

    /// <summary>
    /// Takes a RESET: its acknowledgement number is that of a packet that is under way, or the next, as a STATE has it, or the last one, as a question has it. An older one was acknowledged by who knew us, and
    /// whoever guesses has fewer to choose from.
    /// </summary>
    internal void HandleReset(in PacketHeader header)
    {
        var acknowledged = PacketNumber.Nearest(header.AcknowledgementNumber, _sending.Flight.Packets.First);
        var isPlausible = State == UtpConnectionState.Connecting
            ? header.AcknowledgementNumber == _synNumber
            : acknowledged >= _sending.Flight.Packets.First - 1 && acknowledged <= _sending.Flight.Packets.Next;
        if (!isPlausible)
        {
            _endpoint.Statistics.Dropped++;
            return;
        }

        // libutp forgets a connection when its own FIN is acknowledged, and then answers ours with a RESET.
        if (State == UtpConnectionState.Open && _receiving.IsFinished && _sending.IsFinishing && _sending.HasDelivered)
            End(UtpEndReason.Finished);
        else
            End(UtpEndReason.ResetByRemote);
    }

    /// <summary>The kernel says that nobody is there.</summary>
    internal void HandleUnreachable()
    {
        if (State == UtpConnectionState.Connecting)
            End(UtpEndReason.ResetByRemote);
    }

    internal void HandleTooLong(int length, long nowMicroseconds)
    {
        _sending.ExcludeLength(length, nowMicroseconds);
        _endpoint.Wake(this);
    }

    private void HandleAcknowledgement(long acknowledged, in PacketHeader header, in SelectiveAck selectiveAck, long nowMicroseconds)
    {
        if (header.TimestampDifference != 0)
            _queueingDelay = _delays.Add(header.TimestampDifference, nowMicroseconds);
        if (_marksPackets && acknowledged >= _sending.Flight.Packets.First)
        {
            _marksPackets = false;
            _sending.ExtensionLength = 0;
        }

        var released = _sending.HandleAcknowledgement(acknowledged, selectiveAck, header.WindowBytes, _queueingDelay, nowMicroseconds);
        if (released && _wantsWritable && _sending.HasRoomForWriter)
        {
            _wantsWritable = false;
            _endpoint.Raise(this, UtpEventKind.Writable);
        }

        FinishIfDone();
    }

    private void HandlePayload(long number, ReadOnlySpan<byte> payload, bool isFin, long nowMicroseconds)
    {
        switch (_receiving.Handle(number, payload, isFin, nowMicroseconds))
        {
            case ArrivalKind.InOrder:
                _endpoint.Statistics.PayloadBytesReceived += payload.Length;
                if (!_isReadableSignalled && (_receiving.ReadableBytes > 0 || _receiving.IsFinished))
                {
                    _isReadableSignalled = true;
                    _endpoint.Raise(this, UtpEventKind.Readable);
                }

                break;
            case ArrivalKind.Duplicate:
                _endpoint.Statistics.Duplicates++;
                break;
            case ArrivalKind.Refused:
                _endpoint.Statistics.Dropped++;
                break;
        }
    }

    /// <summary>The clocks' difference is in both delays, with either sign; a receiver that sends nothing has no other way to know the path.</summary>
    private void NoteRoundTrip(uint timestampDifference)
    {
        long roundTrip = unchecked(timestampDifference + _timestampDifference);
        if (roundTrip is > 0 and < TimestampLifetimeMicroseconds)
            _receiving.AddRoundTrip(roundTrip);
    }

    /// <summary>Takes the sender's clock; false for a packet that is too old to carry anything.</summary>
    private bool NoteTimestamp(uint timestamp, bool carries, long nowMicroseconds)
    {
        unchecked
        {
            var ahead = (int)(timestamp - _newestTimestamp);
            var isFresh = nowMicroseconds - _newestMicroseconds < TimestampLifetimeMicroseconds;
            if (carries && isFresh && ahead < 0 && -(long)ahead > Math.Max(OldMicroseconds, _sending.Rtt.SmoothedMicroseconds))
                return false;
            if (ahead > 0 || !isFresh)
            {
                _newestTimestamp = timestamp;
                _newestMicroseconds = nowMicroseconds;
            }

            _timestampDifference = timestamp == 0 ? 0 : _endpoint.Timestamp(nowMicroseconds) - timestamp;
            return true;
        }
    }
}
