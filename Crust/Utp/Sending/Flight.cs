using System.Buffers.Binary;
using System.Numerics;
using Crust.Primitives;
using Crust.Utp.Packets;

namespace Crust.Utp.Sending;

/// <summary>
/// What is under way: which packets were delivered, which are lost, which are to be sent again. A packet is lost when one that was sent some packets later
/// has come (RFC 9002 §6.1.1), or some time later (§6.1.2). Work for each acknowledgement goes with what it newly says, not with the window.
/// </summary>
internal sealed class Flight
{
    /// <summary>RFC 9002 §6.1.1, kPacketThreshold.</summary>
    private const int InitialReorderThreshold = 3;

    /// <summary>Ours: a path that reorders more than this loses by time only.</summary>
    private const int MaxReorderThreshold = 256;

    private readonly SentPackets _packets = new();
    private readonly TransmissionLog _log = new();
    private RingBuffer<long>? _lost;
    private int _reorderThreshold = InitialReorderThreshold;
    private uint _latestDelivered;
    private bool _hasDelivered;

    /// <summary>Bytes under way, headers included: neither delivered nor lost.</summary>
    internal int BytesInFlight { get; private set; }

    /// <summary>Packets that are lost and not sent again yet.</summary>
    internal int LostPackets { get; private set; }

    internal SentPackets Packets => _packets;

    internal uint NextTransmission => _log.Next;

    /// <summary>When the next packet is lost by time; 0 when no packet waits for that.</summary>
    internal long LossTimeMicroseconds { get; private set; }

    /// <summary>Takes a new packet.</summary>
    internal long Add(long offset, int payloadLength, SentPacketState state, long nowMicroseconds)
    {
        var number = _packets.Next;
        _packets.Add(new SentPacket
        {
            Offset = offset, SentMicroseconds = nowMicroseconds, Transmission = _log.Add(number), PayloadLength = (ushort)payloadLength, State = state, Transmissions = 1,
        });
        BytesInFlight += payloadLength + PacketHeader.Length;
        return number;
    }

    /// <summary>The first packet that waits to be sent again, in the order in which they were found lost; false without any.</summary>
    internal bool TryPeekLost(out long number)
    {
        while (_lost is { Count: > 0 })
        {
            number = _lost[0];
            if (number >= _packets.First && (_packets[number].State & (SentPacketState.Lost | SentPacketState.Delivered)) == SentPacketState.Lost)
                return true;
            _lost.TryTake(out _);
        }

        number = 0;
        return false;
    }

    /// <summary>A packet is sent again.</summary>
    internal void Resend(long number, long nowMicroseconds)
    {
        ref var packet = ref _packets[number];
        if ((packet.State & SentPacketState.Lost) != 0)
        {
            LostPackets--;
            BytesInFlight += packet.PayloadLength + PacketHeader.Length;
        }

        packet.State &= ~(SentPacketState.Lost | SentPacketState.Probe);
        packet.SentMicroseconds = nowMicroseconds;
        packet.Transmission = _log.Add(number);
        packet.Transmissions = (byte)Math.Min(packet.Transmissions + 1, byte.MaxValue);
    }

    /// <summary>Everything up to this number has come, and of what follows the next one what the bits say.</summary>
    internal AcknowledgementOutcome Acknowledge(long number, in SelectiveAck selectiveAck, long nowMicroseconds, in RttEstimator rtt)
    {
        var outcome = new AcknowledgementOutcome { PriorInFlight = BytesInFlight, HasAdvanced = number >= _packets.First };
        while (_packets.First <= number)
        {
            Deliver(_packets.First, nowMicroseconds, rtt, ref outcome);
            _packets.RemoveFirst();
        }

        for (var part = 0; part < selectiveAck.Parts; part++)
            Acknowledge(number + 2 + (part * SelectiveAck.MaxPartLength * 8L), selectiveAck[part], nowMicroseconds, rtt, ref outcome);
        if (outcome.SpuriousPackets > 0)
            _reorderThreshold = Math.Min(_reorderThreshold * 2, MaxReorderThreshold);
        return outcome;
    }

    /// <summary>Finds what is lost by now.</summary>
    internal LossOutcome DetectLosses(long nowMicroseconds, in RttEstimator rtt)
    {
        var outcome = default(LossOutcome);
        LossTimeMicroseconds = 0;
        if (!_hasDelivered)
            return outcome;

        // RFC 9002 §6.1.2: 9/8 of a round trip, and not less than a timer can tell.
        var patience = Math.Max(1_000, Math.Max(rtt.SmoothedMicroseconds, rtt.LatestMicroseconds) * 9L / 8);
        while (_log.First != _log.Next)
        {
            var transmission = _log.First;
            var number = _log[transmission];
            if (IsOpen(number, transmission))
            {
                var later = unchecked((int)(_latestDelivered - transmission));
                if (later <= 0)
                    break;
                ref var packet = ref _packets[number];
                if (later < _reorderThreshold && packet.SentMicroseconds + patience > nowMicroseconds)
                {
                    LossTimeMicroseconds = packet.SentMicroseconds + patience;
                    break;
                }

                Lose(number, ref outcome);
            }

            _log.RemoveFirst();
        }

        return outcome;
    }

    /// <summary>The retransmission timeout: everything under way is taken for lost.</summary>
    internal LossOutcome LoseAll()
    {
        var outcome = default(LossOutcome);
        while (_log.First != _log.Next)
        {
            if (IsOpen(_log[_log.First], _log.First))
                Lose(_log[_log.First], ref outcome);
            _log.RemoveFirst();
        }

        // The first one first: it is what the other side waits for, and the window may be too small for all.
        _lost = null;
        for (var number = _packets.First; number < _packets.Next; number++)
        {
            if ((_packets[number].State & (SentPacketState.Lost | SentPacketState.Delivered)) == SentPacketState.Lost)
                (_lost ??= new RingBuffer<long>()).Add(number);
        }

        LossTimeMicroseconds = 0;
        return outcome;
    }

    /// <summary>The packet that asks for the path MTU did not go: it is to be sent again.</summary>
    internal void LoseProbe()
    {
        var outcome = default(LossOutcome);
        for (var number = _packets.Next - 1; number >= _packets.First && !outcome.ProbeLost; number--)
        {
            if ((_packets[number].State & (SentPacketState.Probe | SentPacketState.Lost | SentPacketState.Delivered)) == SentPacketState.Probe)
                Lose(number, ref outcome);
        }
    }

    /// <summary>Lets go of what an idle connection does not need.</summary>
    internal void Trim()
    {
        if (_packets.Count > 0)
            return;
        while (_log.First != _log.Next)
            _log.RemoveFirst();
        _packets.Trim();
        _log.Trim();
        _lost = null;
    }

    private void Acknowledge(long first, ReadOnlySpan<byte> bits, long nowMicroseconds, in RttEstimator rtt, ref AcknowledgementOutcome outcome)
    {
        for (; bits.Length > 0; first += 64)
        {
            var word = bits.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(bits) : ReadRest(bits);
            bits = bits[Math.Min(sizeof(ulong), bits.Length)..];
            // An acknowledgement that was overtaken speaks of packets that are gone.
            var gone = _packets.First - first;
            if (gone >= 64)
                continue;
            if (gone > 0)
                word &= ulong.MaxValue << (int)gone;
            if (word == 0)
                continue;
            for (word &= _packets.OpenFrom(first); word != 0; word &= word - 1)
                Deliver(first + BitOperations.TrailingZeroCount(word), nowMicroseconds, rtt, ref outcome);
        }
    }

    /// <summary>Fewer than eight bytes as a word.</summary>
    private static ulong ReadRest(ReadOnlySpan<byte> bits)
    {
        var word = 0UL;
        for (var i = bits.Length - 1; i >= 0; i--)
            word = word << 8 | bits[i];
        return word;
    }

    private bool IsOpen(long number, uint transmission)
    {
        if (number < _packets.First)
            return false;
        ref var packet = ref _packets[number];
        return packet.Transmission == transmission && (packet.State & (SentPacketState.Delivered | SentPacketState.Lost)) == 0;
    }

    private void Lose(long number, ref LossOutcome outcome)
    {
        ref var packet = ref _packets[number];
        var length = packet.PayloadLength + PacketHeader.Length;
        BytesInFlight -= length;
        LostPackets++;
        (_lost ??= new RingBuffer<long>()).Add(number);
        if ((packet.State & SentPacketState.Probe) != 0)
        {
            outcome.ProbeLost = true;
        }
        else
        {
            outcome.LostPackets++;
            outcome.LostBytes += length;
            outcome.LastTransmission = packet.Transmission;
        }

        packet.State |= SentPacketState.Lost;
    }

    private void Deliver(long number, long nowMicroseconds, in RttEstimator rtt, ref AcknowledgementOutcome outcome)
    {
        ref var packet = ref _packets[number];
        if ((packet.State & SentPacketState.Delivered) != 0)
            return;

        var length = packet.PayloadLength + PacketHeader.Length;
        if ((packet.State & SentPacketState.Lost) != 0)
            LostPackets--;
        else
            BytesInFlight -= length;
        outcome.DeliveredBytes += length;
        outcome.DeliveredPackets++;
        outcome.ProbeDelivered |= (packet.State & SentPacketState.Probe) != 0;

        var elapsed = nowMicroseconds - packet.SentMicroseconds;
        var isFirst = packet.Transmissions == 1;
        // A retransmission cannot be acknowledged sooner than the path is long: then it was the one before that came.
        var isSpurious = (packet.State & SentPacketState.Lost) != 0 || (!isFirst && elapsed < rtt.MinMicroseconds - (rtt.MinMicroseconds / 8));
        if (isSpurious)
        {
            outcome.SpuriousPackets++;
        }
        else if (!_hasDelivered || unchecked((int)(packet.Transmission - _latestDelivered)) > 0)
        {
            _hasDelivered = true;
            _latestDelivered = packet.Transmission;
            if (isFirst)
                outcome.RttMicroseconds = elapsed;
        }

        if (number > _packets.First)
            _packets.MarkDelivered(number);
        else
            packet.State |= SentPacketState.Delivered;
    }
}
