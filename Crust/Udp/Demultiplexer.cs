using System.Buffers.Binary;
using System.Net;
using Crust.Primitives;

namespace Crust.Udp;

/// <summary>
/// One socket for µTP, STUN and punches, so that the mapping that STUN learns is the one µTP uses (RFC 7983 in spirit). First byte <c>00</c>: STUN.
/// <c>01 01</c> and <c>01 11</c>, a STUN response, begin valid µTP headers too: STUN only with the magic cookie and a transaction that waits for
/// it. Everything else goes to µTP. A message that was STUN is blanked in the batch. Owns the socket. Thread safe.
/// </summary>
internal sealed class Demultiplexer(IDatagramSocket socket) : IDatagramHandler, IDisposable
{
    /// <summary>RFC 8489 §5: type(2) length(2) cookie(4) transaction id(12).</summary>
    private const int StunHeaderLength = 20;
    private const uint MagicCookie = 0x2112A442;
    private const ushort SuccessResponse = 0x0101;
    private const ushort ErrorResponse = 0x0111;

    private IDatagramHandler _utp = null!;
    private volatile IStunHandler? _stun;

    internal IDatagramSocket Socket => socket;

    internal IPEndPoint LocalEndPoint => socket.LocalEndPoint;

    /// <summary>Who takes STUN messages; null: nobody, they are dropped.</summary>
    internal IStunHandler? Stun
    {
        get => _stun;
        set => _stun = value;
    }

    /// <summary>Begins to receive. Once.</summary>
    internal void Start(IDatagramHandler utp)
    {
        _utp = utp;
        socket.Start(this);
    }

    /// <summary>Sends one datagram that is not µTP: a STUN message, a punch. One that the kernel does not take now is lost, as any may be.</summary>
    internal bool TrySend(ReadOnlySpan<byte> datagram, TransportAddress remote) =>
        socket.Send(datagram, datagram.Length, remote, out _) == DatagramSendStatus.Sent;

    public void HandleReceived(DatagramBatch batch)
    {
        if (_stun is { } stun)
        {
            foreach (ref readonly var train in batch.Trains)
                TakeStun(batch, train, stun);
        }

        _utp.HandleReceived(batch);
    }

    public void HandleWritable() => _utp.HandleWritable();

    public void HandleWake() => _utp.HandleWake();

    public void HandleUnreachable(TransportAddress remote) => _utp.HandleUnreachable(remote);

    public void HandleFailure(Exception exception) => _utp.HandleFailure(exception);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    /// <summary>Whether a datagram is STUN's.</summary>
    internal static bool IsStun(ReadOnlySpan<byte> datagram, TransportAddress remote, IStunHandler stun)
    {
        if (datagram[0] == 0)
            return true;
        if (datagram[0] != 1 || datagram.Length < StunHeaderLength)
            return false;
        return BinaryPrimitives.ReadUInt16BigEndian(datagram) is SuccessResponse or ErrorResponse
            && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == MagicCookie && stun.Claims(datagram, remote);
    }

    private static void TakeStun(DatagramBatch batch, in ReceivedDatagrams train, IStunHandler stun)
    {
        var bytes = batch.Bytes(train);
        for (var offset = 0; offset < bytes.Length; offset += train.SegmentLength)
        {
            var datagram = bytes.Slice(offset, Math.Min(train.SegmentLength, bytes.Length - offset));
            if (!IsStun(datagram, train.Remote, stun))
                continue;
            stun.Handle(datagram, train.Remote);
            // µTP comes next, and has no version 0: it passes over this one.
            datagram[0] = 0;
        }
    }
}
