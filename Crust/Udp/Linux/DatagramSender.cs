using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Udp.Linux;

/// <summary>The sending half of a <see cref="LinuxDatagramSocket"/>: falls back, once and for good, when the kernel or an interface refuses a way of sending. Thread safe.</summary>
internal sealed unsafe class DatagramSender(SafeSocketHandle socket, AddressFamily family, DatagramSocketKind kind)
{
    /// <summary>Most segments in a train: UDP_MAX_SEGMENTS of the kernels before 6.9.</summary>
    private const int MaxSegments = 64;

    /// <summary>Longest train: the longest UDP payload over IPv4, less room for options.</summary>
    private const int MaxTrainLength = 65_000;

    /// <summary>What Ethernet's ordinary packets carry.</summary>
    private const int EthernetPayload = 1472;

    /// <summary>Datagrams in a call of sendmmsg. Ours: what a train of 64 KiB has.</summary>
    private const int MaxBatch = 64;

    /// <summary>Errors that ICMP left at the socket, which are no answer to this call, are passed over so many times.</summary>
    private const int MaxStaleErrors = 3;

    /// <summary>The headers of a batch: too long for the stack, the same for every call on a thread.</summary>
    [ThreadStatic]
    private static BatchedMessage[]? _messages;

    [ThreadStatic]
    private static Vector[]? _vectors;

    private volatile DatagramSocketKind _kind = kind;

    internal DatagramSocketKind Kind => _kind;

    /// <inheritdoc cref="IDatagramSocket.Send"/>
    internal DatagramSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentLength, TransportAddress remote, out int sent, out ErrorNumber error)
    {
        sent = 0;
        error = ErrorNumber.None;
        var name = stackalloc byte[SocketName.MaxLength];
        var nameLength = SocketName.Write(name, remote, family);
        if (nameLength == 0)
            return DatagramSendStatus.Unreachable;
        var staleErrors = 0;
        var one = false;
        fixed (byte* bytes = datagrams)
        {
            while (sent < datagrams.Length)
            {
                var rest = datagrams.Length - sent;
                var way = one || rest <= segmentLength ? DatagramSocketKind.Single : _kind;
                int taken;
                try
                {
                    taken = way switch
                    {
                        DatagramSocketKind.Segmented => SendTrain(name, nameLength, bytes + sent, Math.Min(rest, TrainLength(segmentLength)), segmentLength),
                        DatagramSocketKind.Batched => SendBatch(name, nameLength, bytes + sent, rest, segmentLength),
                        _ => SendTrain(name, nameLength, bytes + sent, Math.Min(rest, segmentLength), 0),
                    };
                }
                catch (ObjectDisposedException)
                {
                    return DatagramSendStatus.Closed;
                }

                if (taken > 0)
                {
                    sent += taken;
                    // One alone went where a train did not: the train was at fault.
                    if (one)
                        _kind = DatagramSocketKind.Batched;
                    one = false;
                    continue;
                }

                error = (ErrorNumber)Marshal.GetLastPInvokeError();
                switch (error)
                {
                    case ErrorNumber.Interrupted:
                        continue;
                    case ErrorNumber.WouldBlock or ErrorNumber.NoBuffers or ErrorNumber.NoMemory:
                        return DatagramSendStatus.Full;
                    case ErrorNumber.MessageTooLong:
                        return DatagramSendStatus.TooLong;
                    case ErrorNumber.InputOutput when way == DatagramSocketKind.Segmented:
                        // An interface that cannot compute checksums: quinn-udp saw it too.
                        _kind = DatagramSocketKind.Batched;
                        continue;
                    case ErrorNumber.InvalidArgument when way == DatagramSocketKind.Segmented && segmentLength > EthernetPayload:
                        // Older kernels say so of segments that are longer than the path takes; one alone would go, in fragments.
                        return DatagramSendStatus.TooLong;
                    case ErrorNumber.InvalidArgument when way == DatagramSocketKind.Segmented:
                        // A segment that is longer than the path takes, or a kernel that lacks it; one alone will tell.
                        one = true;
                        continue;
                    case ErrorNumber.NotImplemented when way == DatagramSocketKind.Batched:
                        _kind = DatagramSocketKind.Single;
                        continue;
                    default:
                        if (++staleErrors <= MaxStaleErrors)
                            continue;
                        return DatagramSendStatus.Unreachable;
                }
            }
        }

        return DatagramSendStatus.Sent;
    }

    /// <inheritdoc cref="IDatagramSocket.TrySend"/>
    internal bool TrySend(GatherList datagrams, int segmentLength, TransportAddress remote)
    {
        var name = stackalloc byte[SocketName.MaxLength];
        var nameLength = SocketName.Write(name, remote, family);
        if (nameLength == 0 || _kind != DatagramSocketKind.Segmented || datagrams.Length > TrainLength(segmentLength))
            return false;
        var vectors = stackalloc Vector[GatherList.Capacity];
        var count = 0;
        // The list's arrays are pinned: they stay where they are.
        foreach (ref readonly var piece in datagrams.Pieces)
            vectors[count++] = new Vector { Start = (byte*)Unsafe.AsPointer(ref piece.Array[piece.Offset]), Length = (nuint)piece.Length };
        try
        {
            return SendTrain(name, nameLength, vectors, count, datagrams.Length > segmentLength ? segmentLength : 0) == datagrams.Length;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static int TrainLength(int segmentLength) => Math.Clamp(MaxTrainLength / segmentLength, 1, MaxSegments) * segmentLength;

    private int SendTrain(byte* name, uint nameLength, byte* bytes, int length, int segmentLength)
    {
        var vector = new Vector { Start = bytes, Length = (nuint)length };
        return SendTrain(name, nameLength, &vector, 1, segmentLength);
    }

    /// <summary>One call of sendmsg; with a segment length the kernel splits what it gets.</summary>
    private int SendTrain(byte* name, uint nameLength, Vector* vectors, int count, int segmentLength)
    {
        var control = stackalloc byte[ControlMessage.SmallLength];
        var message = new MessageHeader { Name = name, NameLength = nameLength, Vectors = vectors, VectorCount = (nuint)count };
        if (segmentLength > 0)
        {
            ControlMessage.WriteSegmentLength(control, segmentLength);
            message.Control = control;
            message.ControlLength = ControlMessage.SmallLength;
        }

        return (int)LibC.SendMessage(socket, &message, LibC.DontWait);
    }

    private int SendBatch(byte* name, uint nameLength, byte* bytes, int length, int segmentLength)
    {
        _messages ??= GC.AllocateArray<BatchedMessage>(MaxBatch, pinned: true);
        _vectors ??= GC.AllocateArray<Vector>(MaxBatch, pinned: true);
        var messages = (BatchedMessage*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_messages));
        var vectors = (Vector*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_vectors));
        var count = 0;
        for (var offset = 0; offset < length && count < MaxBatch; count++, offset += segmentLength)
        {
            vectors[count] = new Vector { Start = bytes + offset, Length = (nuint)Math.Min(segmentLength, length - offset) };
            messages[count] = new BatchedMessage
            {
                Header = new MessageHeader { Name = name, NameLength = nameLength, Vectors = vectors + count, VectorCount = 1 },
            };
        }

        var taken = LibC.SendMessages(socket, messages, (uint)count, LibC.DontWait);
        return taken <= 0 ? -1 : Math.Min(taken * segmentLength, length);
    }
}
