using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crust.Primitives;

namespace Crust.Udp.Linux;

/// <summary>
/// The receive buffers of a <see cref="Poller"/>, shared by all of its sockets: 512 KiB, seen as 8 long pieces for trains that the kernel joined,
/// or as 64 short ones for single datagrams. One thread.
/// </summary>
internal sealed unsafe class Receiver
{
    private const int BufferLength = 512 * 1024;

    /// <summary>Pieces for trains: a train has up to 64 KiB.</summary>
    private const int LongPieces = 8;

    /// <summary>Pieces for single datagrams: 8 KiB each, more than any datagram we ask for.</summary>
    private const int ShortPieces = 64;

    private const int ControlLength = 64;

    /// <summary>Errors taken from a socket in one turn.</summary>
    private const int MaxErrorsInTurn = 64;

    /// <summary>SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6: the network said it, not this host.</summary>
    private const byte OriginIcmp = 2;
    private const byte OriginIcmp6 = 3;

    /// <summary><c>struct sock_extended_err</c>: errno(4) origin(1) type(1) code(1) pad(1) info(4) data(4).</summary>
    private const int ExtendedErrorLength = 16;

    private readonly BatchedMessage[] _messages = GC.AllocateArray<BatchedMessage>(ShortPieces, pinned: true);
    private readonly Vector[] _vectors = GC.AllocateArray<Vector>(ShortPieces, pinned: true);
    private readonly byte[] _names = GC.AllocateArray<byte>(ShortPieces * SocketName.MaxLength, pinned: true);
    private readonly byte[] _controls = GC.AllocateArray<byte>(ShortPieces * ControlLength, pinned: true);

    /// <summary>What was received last.</summary>
    internal DatagramBatch Batch { get; } = new(BufferLength, ShortPieces);

    /// <summary>Receives what is there; false when that is nothing.</summary>
    /// <param name="socket">From where.</param>
    /// <param name="joins">Whether the kernel joins datagrams.</param>
    /// <param name="isDrained">True when less came than there was room for.</param>
    internal bool TryReceive(SafeSocketHandle socket, bool joins, out bool isDrained)
    {
        Batch.Clear();
        var pieces = joins ? LongPieces : ShortPieces;
        var pieceLength = BufferLength / pieces;
        var messages = Address(_messages);
        var vectors = Address(_vectors);
        var names = Address(_names);
        var controls = Address(_controls);
        var buffer = Address(ref MemoryMarshal.GetReference(Batch.Buffer.Span));
        for (var i = 0; i < pieces; i++)
        {
            vectors[i] = new Vector { Start = buffer + i * pieceLength, Length = (nuint)pieceLength };
            messages[i].Header = new MessageHeader
            {
                Name = names + i * SocketName.MaxLength,
                NameLength = SocketName.MaxLength,
                Vectors = vectors + i,
                VectorCount = 1,
                Control = controls + i * ControlLength,
                ControlLength = joins ? ControlLength : 0u,
            };
        }

        var received = Receive(socket, messages, pieces);
        isDrained = received < pieces;
        for (var i = 0; i < received; i++)
        {
            ref var header = ref messages[i].Header;
            if ((header.Flags & LibC.Truncated) != 0 || !SocketName.TryRead(header.Name, header.NameLength, out var remote))
                continue;
            var segmentLength = joins ? ControlMessage.ReadSegmentLength(header.Control, header.ControlLength) : 0;
            Batch.Add(i * pieceLength, checked((int)messages[i].Length), segmentLength, remote);
        }

        return received > 0;
    }

    /// <summary>Tells the handler what ICMP said, and empties the socket's queue of errors.</summary>
    internal void ReceiveErrors(SafeSocketHandle socket, IDatagramHandler handler)
    {
        var names = Address(_names);
        var controls = Address(_controls);
        for (var i = 0; i < MaxErrorsInTurn; i++)
        {
            Vector vector = default;
            var header = new MessageHeader
            {
                Name = names,
                NameLength = SocketName.MaxLength,
                Vectors = &vector,
                Control = controls,
                ControlLength = (nuint)_controls.Length,
            };
            if (LibC.ReceiveMessage(socket, &header, LibC.ErrorQueue | LibC.DontWait) < 0)
                return;
            var error = ControlMessage.Find(controls, header.ControlLength, LinuxSettings.IpLevel, LinuxSettings.IpReceiveErrors, ExtendedErrorLength);
            if (error is null)
                error = ControlMessage.Find(controls, header.ControlLength, LinuxSettings.Ipv6Level, LinuxSettings.Ipv6ReceiveErrors, ExtendedErrorLength);
            if (error is not null && error[sizeof(int)] is OriginIcmp or OriginIcmp6 && *(int*)error != (int)ErrorNumber.MessageTooLong
                && SocketName.TryRead(names, header.NameLength, out var remote))
                handler.HandleUnreachable(remote);
        }
    }

    /// <summary>Messages received; none also after an error, which concerns datagrams that were sent.</summary>
    private static int Receive(SafeSocketHandle socket, BatchedMessage* messages, int count)
    {
        while (true)
        {
            var received = LibC.ReceiveMessages(socket, messages, (uint)count, LibC.DontWait, null);
            if (received >= 0)
                return received;
            switch ((ErrorNumber)Marshal.GetLastPInvokeError())
            {
                case ErrorNumber.Interrupted:
                    continue;
                case ErrorNumber.NotImplemented:
                    var length = LibC.ReceiveMessage(socket, &messages->Header, LibC.DontWait);
                    messages->Length = (uint)Math.Max(length, 0);
                    return length < 0 ? 0 : 1;
                default:
                    return 0;
            }
        }
    }

    private static T* Address<T>(T[] pinned)
        where T : unmanaged => Address(ref MemoryMarshal.GetArrayDataReference(pinned));

    private static T* Address<T>(ref T pinned)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref pinned);
}
