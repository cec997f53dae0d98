using System.Buffers;
using System.Buffers.Binary;
using Crust.Utp.Memory;
using Crust.Utp.Packets;

namespace Crust.Utp.Receiving;

/// <summary>One connection's receiving direction: order, duplicates, window, and when an acknowledgement is due.</summary>
internal sealed class ReceivingHalf(BlockPool pool, ReceiveWindow window)
{
    /// <summary>BEP 29 has no number; libutp's reorder buffer, which its senders fill at most.</summary>
    internal const int StandardWindowPackets = 1024;

    /// <summary>Ours: a lone packet waits this long for a companion, or for data to ride on.</summary>
    private const long AcknowledgementDelayMicroseconds = 10_000;

    /// <summary>RFC 5681 §4.2: at least every second packet is acknowledged at once, which here is at the end of what the caller received.</summary>
    private const int PacketsWithoutDelay = 2;

    /// <summary>
    /// Ours, between Crust peers: where packets come fast, an acknowledgement for a quarter of what a millisecond brings, but at least one for a train, and for an eighth of the window. Each costs both sides a call, and wakes the
    /// sender for what is hardly worth a train (QUIC's draft-ietf-quic-ack-frequency does the same at the sender's wish).
    /// </summary>
    private const int MostPacketsWithoutDelay = 32, MostBytesWithoutDelay = 64 << 10, AcknowledgementsAPeriod = 4, WindowShareWithoutDelay = 8;

    /// <summary>Ours: over so long arrivals are counted, and so long the last ones wait where they come fast.</summary>
    private const long BusyPeriodMicroseconds = 1_000;

    /// <summary>Ours: the first packets are acknowledged at once, so that slow start is quick.</summary>
    private const int QuickPackets = 16;

    private readonly ReadQueue _bytes = new(pool);
    private ReorderBuffer? _reorder;
    private PartialPackets? _partial;
    private long _finNumber = long.MaxValue;
    private long _announcedEnd;
    private int _unacknowledgedPackets;
    private int _quickPackets;
    private int _packetsWithoutDelay = PacketsWithoutDelay;
    private long _periodMicroseconds;
    private int _periodPackets;
    private long _acknowledgedEnd;
    private bool _isUrgent;

    /// <summary>Number of the next packet in order.</summary>
    internal long Expected { get; private set; }

    internal int ReadableBytes => _bytes.Length;

    /// <summary>The other side's end was reached: nothing more will come.</summary>
    internal bool IsFinished { get; private set; }

    internal bool HasHoles => _reorder is { Count: > 0 };

    /// <summary>When an acknowledgement that may wait becomes due; 0 when none waits.</summary>
    internal long AcknowledgementMicroseconds { get; private set; }

    /// <summary>Most packets beyond the next one that are taken.</summary>
    internal int MaxWindowPackets { get; set; } = StandardWindowPackets;

    /// <summary>
    /// Whether the other side is Crust too. Then the announced window counts from the acknowledged number on, and acknowledgements are fewer where packets come fast. Others
    /// (libutp, libtorrent) count what is acknowledged selectively as gone from their flight: to them the window is what is left beside packets out of order, or they would send
    /// what is refused, and libtorrent ends a connection whose packet it sent three times.
    /// </summary>
    internal bool IsCrust { get; set; }

    private int RoomBytes => window.LimitBytes - _bytes.Length;

    private int AnnouncedBytes => Math.Max(0, IsCrust || _reorder is null ? RoomBytes : RoomBytes - _reorder.Bytes);

    internal void Begin(long expected) => Expected = expected;

    /// <inheritdoc cref="ReceiveWindow.AddRoundTrip"/>
    internal void AddRoundTrip(long microseconds) => window.AddRoundTrip(microseconds);

    /// <summary>Whether an acknowledgement should go now.</summary>
    internal bool IsAcknowledgementDue(long nowMicroseconds) =>
        _isUrgent || (AcknowledgementMicroseconds > 0 && nowMicroseconds >= AcknowledgementMicroseconds);

    internal void RequestAcknowledgement() => _isUrgent = true;

    /// <summary>Takes a part of a packet; true when it is whole, then with all of its payload.</summary>
    internal bool TryComplete(long number, PacketPart part, ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> payload)
    {
        if (number >= Expected && number - Expected < MaxWindowPackets && part.WholeLength <= RoomBytes)
            return (_partial ??= new PartialPackets(pool)).TryComplete(number, part, bytes, out payload);
        _isUrgent = true;
        payload = default;
        return false;
    }

    /// <summary>Takes a DATA or FIN.</summary>
    internal ArrivalKind Handle(long number, ReadOnlySpan<byte> payload, bool isFin, long nowMicroseconds)
    {
        if (number < Expected)
        {
            _isUrgent = true;
            return ArrivalKind.Duplicate;
        }

        if (number - Expected >= MaxWindowPackets || number > _finNumber || (isFin && (_finNumber != long.MaxValue || IsPastReordered(number))))
        {
            // The FIN again is in order if it is the next one; everything else behind a FIN, or far away, is nonsense.
            if (number != _finNumber || !isFin)
            {
                _isUrgent = true;
                return ArrivalKind.Refused;
            }
        }

        if (payload.Length > RoomBytes - (number == Expected || _reorder is null ? 0 : _reorder.Bytes))
        {
            _isUrgent = true;
            return ArrivalKind.Refused;
        }

        if (isFin)
            _finNumber = number;
        if (number == Expected)
        {
            _bytes.Append(payload);
            Advance(nowMicroseconds);
            return ArrivalKind.InOrder;
        }

        _isUrgent = true;
        return (_reorder ??= new ReorderBuffer(pool)).Add(number, payload, Expected) ? ArrivalKind.OutOfOrder : ArrivalKind.Duplicate;
    }

    /// <summary>Copies what is there, up to the destination's length.</summary>
    internal int Read(Span<byte> destination)
    {
        var length = Math.Min(destination.Length, _bytes.Length);
        _bytes.CopyTo(destination[..length]);
        Consume(length);
        return length;
    }

    /// <summary>All that is there, where it lies; the reader's until <see cref="Consume"/>.</summary>
    internal ReadOnlySequence<byte> Lend() => _bytes.Lend();

    /// <summary>Takes away the first bytes, or none; what was lent comes back.</summary>
    internal void Consume(int length)
    {
        _bytes.Release(length);
        if (length > 0)
            Opened();
    }

    /// <summary>Takes away everything; what was lent stays its reader's. Returns how much it was.</summary>
    internal int Discard()
    {
        var length = _bytes.Length;
        _bytes.Clear();
        if (length > 0)
            Opened();
        return length;
    }

    /// <summary>The window to announce; whoever asks sends it.</summary>
    internal uint Announce()
    {
        _announcedEnd = Math.Max(_announcedEnd, _bytes.End + RoomBytes);
        return (uint)AnnouncedBytes;
    }

    /// <summary>A packet with the newest acknowledgement went out.</summary>
    internal void AcknowledgementSent()
    {
        _isUrgent = false;
        AcknowledgementMicroseconds = 0;
        _unacknowledgedPackets = 0;
        _acknowledgedEnd = _bytes.End;
    }

    /// <summary>Writes selective acks, of at most so many parts, and returns their length, 0 when there is no hole.</summary>
    internal int WriteSelectiveAck(Span<byte> buffer, int maxParts)
    {
        if (_reorder is not { Count: > 0 } reorder)
            return 0;
        var first = Expected + 1;
        var bytes = (int)Math.Min((reorder.Highest - first + 32) / 32 * sizeof(uint), (long)maxParts * SelectiveAck.MaxPartLength);
        var written = 0;
        while (bytes > 0)
        {
            var length = Math.Min(bytes, SelectiveAck.MaxPartLength);
            bytes -= length;
            buffer[written] = bytes > 0 ? ExtensionKind.SelectiveAck : ExtensionKind.None;
            buffer[written + 1] = (byte)length;
            WriteBits(buffer.Slice(written + 2, length), reorder, first);
            first += length * 8L;
            written += 2 + length;
        }

        return written;
    }

    /// <summary>Lets go of what an idle connection does not need.</summary>
    internal void Trim()
    {
        if (_bytes.Length > 0 || HasHoles)
            return;
        _bytes.Trim();
        _partial?.Clear();
        (_reorder, _partial) = (null, null);
        if (window.Rest())
        {
            _announcedEnd = 0;
            _isUrgent = !IsFinished;
        }
    }

    /// <summary>Nothing will come any more. What came in order may still be read, unless nobody wants it.</summary>
    internal void Close(bool discards)
    {
        if (discards)
            _bytes.Clear();
        _reorder?.Clear();
        _partial?.Clear();
        window.GiveBack();
    }

    private void Opened()
    {
        // The sender hears of a window that opened by half, or that had become too small for a packet.
        var announced = _announcedEnd - _bytes.End;
        if (!IsFinished && (RoomBytes - announced >= window.LimitBytes / 2 || announced < 2 * PacketHeader.Length + 1500))
            _isUrgent = true;
    }

    private static void WriteBits(Span<byte> buffer, ReorderBuffer reorder, long first)
    {
        for (; buffer.Length > 0; first += 64)
        {
            var word = reorder.PresentFrom(first);
            if (buffer.Length >= sizeof(ulong))
                BinaryPrimitives.WriteUInt64LittleEndian(buffer, word);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(buffer, unchecked((uint)word));
            buffer = buffer[Math.Min(sizeof(ulong), buffer.Length)..];
        }
    }

    private void Advance(long nowMicroseconds)
    {
        var hadHoles = HasHoles;
        do
        {
            IsFinished = Expected == _finNumber;
            Expected++;
        }
        while (!IsFinished && _reorder is not null && _reorder.TryMove(Expected, _bytes));

        window.Received(_bytes.End, _bytes.Length, nowMicroseconds);
        _unacknowledgedPackets++;
        if (_quickPackets < QuickPackets)
            _quickPackets++;
        CountArrival(nowMicroseconds);
        if (IsFinished || hadHoles || _quickPackets < QuickPackets || _unacknowledgedPackets >= _packetsWithoutDelay
            || (_unacknowledgedPackets >= PacketsWithoutDelay && _bytes.End - _acknowledgedEnd >= Math.Min(MostBytesWithoutDelay, window.LimitBytes / WindowShareWithoutDelay)))
            _isUrgent = true;
        else if (AcknowledgementMicroseconds == 0)
            AcknowledgementMicroseconds = nowMicroseconds + (_packetsWithoutDelay > PacketsWithoutDelay ? BusyPeriodMicroseconds : AcknowledgementDelayMicroseconds);
    }

    private void CountArrival(long nowMicroseconds)
    {
        _periodPackets++;
        var elapsed = nowMicroseconds - _periodMicroseconds;
        if (!IsCrust || elapsed < BusyPeriodMicroseconds)
            return;
        _packetsWithoutDelay = (int)Math.Clamp(_periodPackets * BusyPeriodMicroseconds / elapsed / AcknowledgementsAPeriod, PacketsWithoutDelay, MostPacketsWithoutDelay);
        (_periodMicroseconds, _periodPackets) = (nowMicroseconds, 0);
    }

    private bool IsPastReordered(long number) => _reorder is { Count: > 0 } reorder && number < reorder.Highest;
}
