using Crust.Utp.Memory;
using Crust.Utp.Packets;

namespace Crust.Utp.Receiving;

/// <summary>Packets of which some parts came (<see cref="PacketPart"/>). Parts of one packet come close together, so a few places are enough; the oldest makes room.</summary>
internal sealed class PartialPackets(BlockPool pool)
{
    /// <summary>Ours: as many packets as may overlap when parts are reordered.</summary>
    private const int MaxPackets = 8;

    /// <summary>Ours: stretches that do not touch. 64 KiB in parts of the base path MTU are 56.</summary>
    private const int MaxParts = 64;

    private readonly Partial[] _packets = new Partial[MaxPackets];
    private int _next;

    /// <summary>Takes a part; true when it was the last one: the payload is then valid until the next call.</summary>
    internal bool TryComplete(long number, PacketPart part, ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (bytes.Length == 0 || part.Offset + bytes.Length > part.WholeLength)
            return false;
        ref var packet = ref Find(number, part.WholeLength);
        if (packet.Covered.Count == MaxParts)
            return false;
        bytes.CopyTo(packet.Bytes.AsSpan(part.Offset));
        Cover(packet.Covered, part.Offset, part.Offset + bytes.Length);
        if (packet.Covered[0] != (0, part.WholeLength))
            return false;
        payload = packet.Bytes.AsSpan(0, part.WholeLength);
        // The buffer may be taken again at once, but not before this payload was used: one thread at a time.
        Release(ref packet);
        return true;
    }

    internal void Clear()
    {
        foreach (ref var packet in _packets.AsSpan())
            Release(ref packet);
    }

    private ref Partial Find(long number, int wholeLength)
    {
        for (var i = 0; i < MaxPackets; i++)
        {
            if (_packets[i].Bytes is not null && _packets[i].Number == number && _packets[i].WholeLength == wholeLength)
                return ref _packets[i];
        }

        ref var packet = ref _packets[_next];
        _next = (_next + 1) % MaxPackets;
        Release(ref packet);
        packet = new Partial { Number = number, WholeLength = wholeLength, Bytes = pool.RentPacket(wholeLength), Covered = [] };
        return ref packet;
    }

    /// <summary>Marks a stretch. The path may have become narrower between two tries, so that their parts overlap and do not begin at the same places.</summary>
    private static void Cover(List<(int Start, int End)> covered, int start, int end)
    {
        var place = 0;
        while (place < covered.Count && covered[place].End < start)
            place++;
        while (place < covered.Count && covered[place].Start <= end)
        {
            (start, end) = (Math.Min(start, covered[place].Start), Math.Max(end, covered[place].End));
            covered.RemoveAt(place);
        }

        covered.Insert(place, (start, end));
    }

    private void Release(ref Partial packet)
    {
        if (packet.Bytes is not null)
            pool.ReturnPacket(packet.Bytes);
        packet = default;
    }

    private struct Partial
    {
        internal long Number;
        internal int WholeLength;
        internal byte[] Bytes;
        internal List<(int Start, int End)> Covered;
    }
}
