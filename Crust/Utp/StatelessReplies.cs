using Crust.Primitives;
using Crust.Utp.Packets;

namespace Crust.Utp;

/// <summary>Answers that wait for the next transmission. Bounded: a flood of SYNs leaves no memory behind.</summary>
internal sealed class StatelessReplies
{
    /// <summary>Ours: a burst of SYNs between two transmissions; more are dropped, and come again.</summary>
    private const int MaxWaiting = 1024;

    private readonly RingBuffer<StatelessReply> _waiting = new();

    /// <summary>False when the answer is dropped.</summary>
    internal bool Add(in StatelessReply reply)
    {
        if (_waiting.Count >= MaxWaiting)
            return false;
        _waiting.Add(reply);
        return true;
    }

    /// <summary>Writes the next answer.</summary>
    internal bool TryWrite(Span<byte> buffer, out UtpTransmit transmit)
    {
        if (!_waiting.TryTake(out var reply))
        {
            transmit = default;
            return false;
        }

        reply.Header.Write(buffer);
        var length = PacketHeader.Length;
        if (reply.IsMarked)
            length += PeerMark.Write(buffer[PacketHeader.Length..], ExtensionKind.None);
        transmit = new UtpTransmit(reply.Remote, length, length, IsProbe: false, IsGathered: false, Connection: null);
        return true;
    }
}
