using System.Buffers;
using Crust.Primitives;
using Crust.Utp.Packets;
using Crust.Utp.Receiving;
using Crust.Utp.Sending;

namespace Crust.Utp;

/// <summary>One µTP connection (BEP 29): an ordered, reliable byte stream each way. Pure; one thread at a time, its endpoint's.</summary>
internal sealed partial class UtpConnection
{
    /// <summary>BEP 29 allows what the field holds; ours among Crust peers, a quarter of the sequence numbers.</summary>
    internal const int WideWindowPackets = 16_384;

    private readonly UtpEndpoint _endpoint;
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;

    internal UtpConnection(UtpEndpoint endpoint, ConnectionKey key, ushort sendId, SendingHalf sending, ReceivingHalf receiving)
    {
        _endpoint = endpoint;
        Key = key;
        SendId = sendId;
        _sending = sending;
        _receiving = receiving;
    }

    internal ConnectionKey Key { get; }

    internal TransportAddress Remote => Key.Remote;

    /// <summary>The connection id in what we send.</summary>
    internal ushort SendId { get; }

    /// <summary>The driver's own; null until it is set.</summary>
    internal object? Owner { get; set; }

    internal UtpConnectionState State { get; private set; }

    internal UtpEndReason EndReason { get; private set; }

    /// <summary>Place in <see cref="ConnectionTimers"/>; negative outside.</summary>
    internal int TimerIndex { get; set; } = -1;

    /// <summary>It waits for its turn to transmit.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>The other side is a Crust peer.</summary>
    internal bool IsCrust { get; private set; }

    /// <summary>Bytes that <see cref="Read"/> would give.</summary>
    internal int ReadableBytes => _receiving.ReadableBytes;

    /// <summary>The remote finished, and everything before that was read.</summary>
    internal bool IsReadFinished => _receiving.IsFinished && _receiving.ReadableBytes == 0;

    /// <summary>The remote finished, and everything before that has come.</summary>
    internal bool IsReadComplete => _receiving.IsFinished;

    /// <summary>Takes as many bytes as the send buffer has room for, and returns how many. Less than all: <see cref="UtpEventKind.Writable"/> follows.</summary>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        if (State > UtpConnectionState.Open || bytes.Length == 0)
            return 0;
        var taken = _sending.Write(bytes);
        _wantsWritable |= taken < bytes.Length;
        if (taken > 0)
            _endpoint.Wake(this);
        return taken;
    }

    /// <summary>
    /// Room of at least so much to write to, whatever the window: the writer's until <see cref="EndReservation"/>, or until the connection ends, when what it does
    /// there means nothing any more. <see cref="Write"/> must not be called meanwhile. Empty when nothing can be written any more.
    /// </summary>
    internal Memory<byte> Reserve(int room) => IsWritable ? _sending.Reserve(room) : default;

    /// <summary>So much of what was reserved is filled; it may be sent from now on. The writer may go on behind it.</summary>
    internal void Commit(int length)
    {
        if (!IsWritable || length == 0)
            return;
        _sending.Commit(length);
        _endpoint.Wake(this);
    }

    /// <summary>The writer is at rest; what it had in hand it uses no more.</summary>
    /// <returns>False when the buffer is full: <see cref="UtpEventKind.Writable"/> follows.</returns>
    internal bool EndReservation()
    {
        if (!IsWritable)
            return true;
        _sending.EndReservation();
        _wantsWritable = _sending.RoomBytes == 0;
        return !_wantsWritable;
    }

    private bool IsWritable => State <= UtpConnectionState.Open && !_sending.IsFinishing;

    /// <summary>Copies received bytes, in order; the receive window opens by as many.</summary>
    internal int Read(Span<byte> destination)
    {
        var length = _receiving.Read(destination);
        AfterRead(length);
        return length;
    }

    /// <summary>All that was received and not read, where it lies; the reader's, who may write to it, until <see cref="Consume"/>, whatever comes in between.</summary>
    internal ReadOnlySequence<byte> Lend() => _receiving.Lend();

    /// <summary>Takes away the first bytes of what <see cref="Lend"/> showed, or none, and takes the rest back.</summary>
    internal void Consume(int length)
    {
        _receiving.Consume(length);
        AfterRead(length);
    }

    /// <summary>Takes away everything, since nobody reads; what was lent stays its reader's.</summary>
    internal void Discard() => AfterRead(_receiving.Discard());

    /// <summary>Nothing more will be written: a FIN follows what was (half close). Repeated calls do nothing.</summary>
    internal void FinishWriting()
    {
        if (State > UtpConnectionState.Open || _sending.IsFinishing)
            return;
        _sending.Finish();
        _endpoint.Wake(this);
    }

    /// <summary>Ends it at once; the remote gets a RESET.</summary>
    internal void Abort()
    {
        if (State > UtpConnectionState.Open)
            return;
        _endpoint.Reset(this, PacketNumber.ToSequenceNumber(NextPacketNumber), PacketNumber.ToSequenceNumber(_receiving.Expected - 1));
        End(UtpEndReason.Aborted);
    }

    /// <summary>Number of the next new packet, whose low 16 bits are its sequence number.</summary>
    internal long NextPacketNumber => _sending.Flight.Packets.Next;

    /// <summary>Number of the first packet that is not acknowledged.</summary>
    internal long FirstPacketNumber => _sending.Flight.Packets.First;

    /// <summary>The most packets that were ever under way at once.</summary>
    internal int LargestFlightPackets => _sending.LargestFlightPackets;

    /// <summary>What is known of the path.</summary>
    internal UtpPath Path => new(
        TimeSpan.FromMicroseconds(_sending.Rtt.SmoothedMicroseconds), TimeSpan.FromMicroseconds(_queueingDelay), _sending.Congestion.WindowBytes,
        _sending.Flight.BytesInFlight, _sending.MaxDatagramLength);

    private void AfterRead(int length)
    {
        _isReadableSignalled = false;
        if (length > 0 && _receiving.IsAcknowledgementDue(0))
            _endpoint.Wake(this);
        FinishIfDone();
    }

    private void End(UtpEndReason reason)
    {
        if (EndReason != UtpEndReason.None)
            return;
        EndReason = reason;
        if (State == UtpConnectionState.Connecting)
            _endpoint.Settled(this);
        State = reason == UtpEndReason.Finished ? UtpConnectionState.Lingering : UtpConnectionState.Ended;
        _sending.Clear();
        if (reason != UtpEndReason.Finished)
            _receiving.Close(reason == UtpEndReason.Aborted);
        _receivedMicroseconds = Math.Max(_receivedMicroseconds, _sentMicroseconds);
        _endpoint.Raise(this, UtpEventKind.Ended);
        if (State == UtpConnectionState.Ended)
            _endpoint.Remove(this);
        else
            _endpoint.Wake(this);
    }

    private void FinishIfDone()
    {
        if (State == UtpConnectionState.Open && IsReadFinished && _sending.IsFinished)
            End(UtpEndReason.Finished);
    }
}
