namespace Crust.Buffers;

/// <summary>
/// Memory for the payloads of one session: short ones share slabs, which grow with what is under way from 4 KiB to 256 KiB; long ones have a slab each.
/// An arena with nothing leased holds nothing, so an idle session costs nothing. No allocation on the steady path. One thread at a time.
/// </summary>
internal sealed class PayloadArena
{
    /// <summary>Payloads up to this length share slabs: an eighth of the largest, so that little is lost at a slab's end.</summary>
    internal const int MaxShared = 32 << 10;

    private const int MinSlab = 4 << 10;
    private const int MaxSlab = 256 << 10;

    /// <summary>Empty slab objects kept. Ours: more than a window of long payloads has.</summary>
    private const int MaxSpare = 256;

    private readonly Stack<Slab> _spare = new();
    private Slab? _current;
    private int _slabLength = MinSlab;
    private int _slabs;

    /// <summary>Bytes of the arrays held.</summary>
    internal long Held { get; private set; }

    /// <summary>A lease of this length, with bytes of no meaning.</summary>
    /// <param name="length">At most <see cref="SlabPool.MaxLength"/>.</param>
    internal PayloadLease Rent(int length)
    {
        if (length == 0)
            return PayloadLease.Empty;
        if (length > MaxShared)
        {
            var own = Open(length);
            own.Live = 1;
            own.Used = length;
            return new PayloadLease(own, 0, length);
        }

        if (_current is null || _current.Free < length)
            Renew(length);
        var slab = _current!;
        var lease = new PayloadLease(slab, slab.Used, length);
        slab.Used += length;
        slab.Live++;
        return lease;
    }

    /// <summary>A lease on an array that somebody else rented from <see cref="SlabPool"/> and filled; it goes back there in the end.</summary>
    internal PayloadLease Adopt(byte[] ownedArray, int length)
    {
        var own = Register(ownedArray);
        own.Live = 1;
        own.Used = length;
        return new PayloadLease(own, 0, length);
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
        Leave(slab);
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
        _slabLength = MinSlab;
        Close(last);
    }

    private void Renew(int length)
    {
        if (_current is { } full)
        {
            // One slab was not enough for what is under way.
            _slabLength = Math.Min(MaxSlab, _slabLength * 2);
            if (full.Live == 0)
                Close(full);
        }

        while (_slabLength < length)
            _slabLength *= 2;
        _current = Open(_slabLength);
    }

    private Slab Open(int length) => Register(SlabPool.Rent(length));

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
        if (_slabs == 0)
            _spare.Clear();
        else if (_spare.Count < MaxSpare)
            _spare.Push(slab);
    }

    /// <summary>Whoever reads a payload after its return shall notice.</summary>
    [System.Diagnostics.Conditional("DEBUG")]
    private static void Poison(PayloadLease lease)
    {
        if (lease.Slab is { Shared: 0 })
            lease.Span.Fill(0xDB);
    }
}
