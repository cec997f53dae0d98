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

    /// <summary>Copies received bytes, in order; the receive window opens by as many.</summary>
    internal int Read(Span<byte> destination)
    {
        var length = _receiving.Read(destination);
        AfterRead(length);
        return length;
    }

    /// <summary>The first contiguous piece of what was received, without a copy; valid until anything else is called. <see cref="Consume"/> takes it away.</summary>
    internal ReadOnlySpan<byte> Peek() => _receiving.Peek();

    /// <summary>Takes away what <see cref="Peek"/> showed, or less.</summary>
    internal void Consume(int length)
    {
        _receiving.Consume(length);
        AfterRead(length);
    }

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
