using Crust.Utp.Memory;

namespace Crust.Utp.Receiving;

/// <summary>Packets that came before an earlier one: each in a buffer of its own, found by number. Beside them a bit for each, which a selective ack copies.</summary>
internal sealed class ReorderBuffer(BlockPool pool)
{
    private const int WordBits = 64;

    private byte[]?[] _packets = [];
    private ushort[] _lengths = [];
    private ulong[] _present = [];

    internal int Count { get; private set; }

    /// <summary>Bytes of payload held.</summary>
    internal int Bytes { get; private set; }

    /// <summary>The highest number held; means something while <see cref="Count"/> is above zero.</summary>
    internal long Highest { get; private set; }

    /// <summary>Keeps a copy; false when the packet is there already.</summary>
    /// <param name="number">Its number, above <paramref name="expected"/> by less than the largest window.</param>
    /// <param name="payload">Its payload, perhaps empty.</param>
    /// <param name="expected">The number that is missing.</param>
    internal bool Add(long number, ReadOnlySpan<byte> payload, long expected)
    {
        if (number - expected >= _packets.Length)
            Grow(number - expected + 1, expected);
        if (Contains(number))
            return false;
        var packet = pool.RentPacket(payload.Length);
        payload.CopyTo(packet);
        var slot = Slot(number);
        _packets[slot] = packet;
        _lengths[slot] = (ushort)payload.Length;
        _present[slot / WordBits] |= 1UL << (slot % WordBits);
        Highest = Count == 0 ? number : Math.Max(Highest, number);
        Count++;
        Bytes += payload.Length;
        return true;
    }

    /// <summary>Moves the packet of this number to the end of the stream; false when it is not there.</summary>
    internal bool TryMove(long number, ReadQueue destination)
    {
        if (Count == 0 || number > Highest || !Contains(number))
            return false;
        var slot = Slot(number);
        var length = _lengths[slot];
        destination.Append(_packets[slot].AsSpan(0, length));
        pool.ReturnPacket(_packets[slot]!);
        _packets[slot] = null;
        _present[slot / WordBits] &= ~(1UL << (slot % WordBits));
        Count--;
        Bytes -= length;
        return true;
    }

    /// <summary>Which of the 64 packets from this number on are held.</summary>
    internal ulong PresentFrom(long number)
    {
        if (Count == 0 || number > Highest)
            return 0;
        var slot = Slot(number);
        var shift = slot % WordBits;
        var bits = _present[slot / WordBits] >> shift;
        if (shift > 0)
            bits |= _present[Slot(number + WordBits) / WordBits] << (WordBits - shift);
        var count = Highest - number + 1;
        return count >= WordBits ? bits : bits & ((1UL << (int)count) - 1);
    }

    /// <summary>Lets go of everything.</summary>
    internal void Clear()
    {
        foreach (var packet in _packets)
        {
            if (packet is not null)
                pool.ReturnPacket(packet);
        }

        Count = Bytes = 0;
        _packets = [];
        _lengths = [];
        _present = [];
    }

    private bool Contains(long number)
    {
        var slot = Slot(number);
        return (_present[slot / WordBits] & (1UL << (slot % WordBits))) != 0;
    }

    private int Slot(long number) => (int)(number & (_packets.Length - 1));

    private void Grow(long wanted, long expected)
    {
        var old = (Packets: _packets, Lengths: _lengths);
        var capacity = Math.Max(WordBits, old.Packets.Length);
        while (capacity < wanted)
            capacity *= 2;
        _packets = new byte[]?[capacity];
        _lengths = new ushort[capacity];
        _present = new ulong[capacity / WordBits];
        for (var number = expected; Count > 0 && number <= Highest; number++)
        {
            var slot = (int)(number & (old.Packets.Length - 1));
            if (old.Packets[slot] is not { } packet)
                continue;
            _packets[Slot(number)] = packet;
            _lengths[Slot(number)] = old.Lengths[slot];
            _present[Slot(number) / WordBits] |= 1UL << (Slot(number) % WordBits);
        }
    }
}
