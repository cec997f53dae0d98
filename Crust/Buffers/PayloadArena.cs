namespace Crust.Buffers;

/// <summary>
/// Memory for the payloads of one session: short ones share slabs, each as long as what is leased, 4 KiB to 256 KiB; long ones have a slab each.
/// An arena with nothing leased holds no bytes, and a trimmed one nothing, so an idle session costs nothing. No allocation on the steady path. One thread at a time.
/// A slab stays while one payload of it is leased, and whoever keeps few of many would pin them all. So no slab is opened when more than
/// <see cref="MaxSpread"/> times what is leased, and <see cref="Floor"/>, would be held with it besides the present one: the payload has an array of
/// just its length then. An arena never holds more than this sum, taken when most was leased since it was empty, a longest slab, and what is leased now; of adopted arrays, twice that.
/// </summary>
internal sealed class PayloadArena
{
    /// <summary>Payloads up to this length may share slabs: an eighth of the largest, so that little is lost at a slab's end.</summary>
    internal const int MaxShared = 32 << 10;

    /// <summary>What slabs may take although next to nothing is leased. Ours: sixteen of the smallest.</summary>
    internal const int Floor = 64 << 10;

    /// <summary>How many times what is leased may be held. Ours: what is returned in order of its arrival needs hardly more than once.</summary>
    internal const int MaxSpread = 4;

    /// <summary>Length of the longest slabs.</summary>
    internal const int MaxSlab = 256 << 10;

    /// <summary>So many payloads of the present length a slab is to take at least. Ours.</summary>
    private const int MinPerSlab = 4;

    /// <summary>Empty slab objects kept. Ours: more than a window of long payloads has; and while nothing is leased, what a record of short ones needs.</summary>
    private const int MaxSpare = 256, MaxSpareEmpty = 8;

    private readonly Stack<Slab> _spare = new();
    private Slab? _current;
    private int _slabs;

    /// <summary>Bytes of the arrays held.</summary>
    internal long Held { get; private set; }

    /// <summary>Bytes of the payloads leased; a second owner's count only once.</summary>
    internal long Leased { get; private set; }

    /// <summary>A lease of this length, with bytes of no meaning.</summary>
    /// <param name="length">At most <see cref="SlabPool.MaxLength"/>.</param>
    internal PayloadLease Rent(int length)
    {
        if (length == 0)
            return PayloadLease.Empty;
        Leased += length;
        if (length > MaxShared || (!(_current?.Free >= length) && !TryRenew(length)))
            return Own(length);
        var slab = _current!;

        var lease = new PayloadLease(slab, slab.Used, length);
        slab.Used += length;
        slab.Live++;
        return lease;
    }

    /// <summary>A lease on an array that somebody else rented from <see cref="SlabPool"/> and filled; it goes back there in the end.</summary>
    internal PayloadLease Adopt(byte[] ownedArray, int length)
    {
        Leased += length;
        return Own(ownedArray, length);
    }

    /// <summary>A lease with a copy of these bytes.</summary>
    internal PayloadLease Copy(ReadOnlySpan<byte> bytes)
    {
        var lease = Rent(bytes.Length);
        bytes.CopyTo(lease.Span);
        return lease;
    }

    /// <summary>Gives a lease a second owner: its bytes stay as they are until <see cref="ReturnShare"/>, although the first may return it before.</summary>
    internal static void Share(PayloadLease lease)
    {
        if (lease.Slab is not { } slab)
            return;
        slab.Live++;
        slab.Shared++;
    }

    /// <summary>The second owner is done with a lease.</summary>
    internal void ReturnShare(PayloadLease lease)
    {
        if (lease.Slab is not { } slab)
            return;
        slab.Shared--;
        Leave(slab);
    }

    internal void Return(PayloadLease lease)
    {
        if (lease.Slab is not { } slab)
            return;
        Poison(lease);
        Leased -= lease.Length;
        Leave(slab);
    }

    /// <summary>The session is idle: lets go of what the next burst takes again.</summary>
    internal void Trim()
    {
        if (_slabs > 0)
            return;
        _spare.Clear();
        _spare.TrimExcess();
    }

    private void Leave(Slab slab)
    {
        if (--slab.Live > 0)
            return;
        if (slab != _current)
        {
            Close(slab);
        }
        else
        {
            slab.Used = 0;
        }

        if (_slabs != 1 || _current is not { Live: 0 } last)
            return;
        // Nothing is leased any more.
        _current = null;
        Close(last);
    }

    /// <summary>Opens a slab for a payload and those that follow it, a shorter one where too much is held for the one that should be; false when none may be opened.</summary>
    private bool TryRenew(int length)
    {
        if (_current is { Live: 0 } unused)
        {
            _current = null;
            Close(unused);
        }

        var slabLength = SlabPool.LengthFor((int)Math.Min(MaxSlab, Math.Max(Leased, MinPerSlab * length)));
        while (!MayHold(slabLength))
        {
            slabLength /= 2;
            if (slabLength < Math.Max(SlabPool.MinLength, length))
                return false;
        }

        _current = Register(SlabPool.Rent(slabLength));
        return true;
    }

    /// <summary>A slab for one payload: from the pool, or of just its length when too much is held already.</summary>
    private PayloadLease Own(int length) =>
        Own(length > MaxShared && MayHold(SlabPool.LengthFor(length)) ? SlabPool.Rent(length) : GC.AllocateUninitializedArray<byte>(length), length);

    /// <summary>The present slab does not count: it was as long as it should be, and is left soon where payloads are returned in order.</summary>
    private bool MayHold(int more) => Held - (_current?.Bytes.Length ?? 0) + more <= Floor + (MaxSpread * Leased);

    private PayloadLease Own(byte[] array, int length)
    {
        var own = Register(array);
        own.Live = 1;
        own.Used = length;
        return new PayloadLease(own, 0, length);
    }

    private Slab Register(byte[] array)
    {
        var slab = _spare.TryPop(out var spare) ? spare : new Slab();
        slab.Bytes = array;
        slab.Used = 0;
        slab.Live = 0;
        _slabs++;
        Held += slab.Bytes.Length;
        return slab;
    }

    private void Close(Slab slab)
    {
        _slabs--;
        Held -= slab.Bytes.Length;
        SlabPool.Return(slab.Bytes);
        slab.Bytes = [];
        if (_spare.Count < MaxSpare)
            _spare.Push(slab);
        while (_slabs == 0 && _spare.Count > MaxSpareEmpty)
            _ = _spare.Pop();
    }

    /// <summary>Whoever reads a payload after its return shall notice.</summary>
    [System.Diagnostics.Conditional("DEBUG")]
    private static void Poison(PayloadLease lease)
    {
        if (lease.Slab is { Shared: 0 })
            lease.Span.Fill(0xDB);
    }
}
