namespace Crust.Utp.Sending;

/// <summary>
/// The packets from the first that is not acknowledged to the last that was sent: a ring that grows with the window, and is let go when everything is
/// acknowledged and the connection rests. Beside it a bit for each packet that was delivered, so that a selective ack is compared 64 packets at a time.
/// </summary>
internal sealed class SentPackets
{
    private const int WordBits = 64;

    private SentPacket[] _ring = [];
    private ulong[] _delivered = [];

    /// <summary>Number of the first packet that is not acknowledged.</summary>
    internal long First { get; private set; }

    /// <summary>Number of the next new packet.</summary>
    internal long Next { get; private set; }

    internal int Count => (int)(Next - First);

    internal void Begin(long number) => First = Next = number;

    /// <summary>The packet of this number, from <see cref="First"/> to before <see cref="Next"/>.</summary>
    internal ref SentPacket this[long number] => ref _ring[(int)(number & (_ring.Length - 1))];

    /// <summary>Takes the next number.</summary>
    internal long Add(in SentPacket packet)
    {
        if (Count == _ring.Length)
            Grow();
        this[Next] = packet;
        _delivered[Word(Next)] &= ~(1UL << (int)(Next & (WordBits - 1)));
        return Next++;
    }

    /// <summary>The first packet is acknowledged by number.</summary>
    internal void RemoveFirst() => First++;

    internal void MarkDelivered(long number)
    {
        this[number].State |= SentPacketState.Delivered;
        _delivered[Word(number)] |= 1UL << (int)(number & (WordBits - 1));
    }

    /// <summary>Which of the 64 packets from this number on are under way: sent, and not known to be delivered.</summary>
    internal ulong OpenFrom(long number)
    {
        var count = Next - number;
        if (count <= 0)
            return 0;
        var shift = (int)(number & (WordBits - 1));
        var delivered = _delivered[Word(number)] >> shift;
        if (shift > 0)
            delivered |= _delivered[Word(number + WordBits)] << (WordBits - shift);
        return count >= WordBits ? ~delivered : ~delivered & ((1UL << (int)count) - 1);
    }

    internal void Trim()
    {
        if (Count > 0)
            return;
        _ring = [];
        _delivered = [];
    }

    private int Word(long number) => (int)((number & (_ring.Length - 1)) / WordBits);

    private void Grow()
    {
        var old = (Ring: _ring, Delivered: _delivered);
        _ring = new SentPacket[Math.Max(WordBits, old.Ring.Length * 2)];
        _delivered = new ulong[_ring.Length / WordBits];
        for (var number = First; number < Next; number++)
        {
            this[number] = old.Ring[(int)(number & (old.Ring.Length - 1))];
            if ((this[number].State & SentPacketState.Delivered) != 0)
                MarkDelivered(number);
        }
    }
}
