namespace Crust.Buffers;

/// <summary>A piece of an arena's memory. Has one owner, who returns it to the arena once; copies of this value are the same lease.</summary>
internal readonly struct PayloadLease(Slab? slab, int offset, int length)
{
    /// <summary>No bytes, of nobody: may be returned as often as one likes.</summary>
    internal static PayloadLease Empty => default;

    internal int Length => length;

    /// <summary>Where the bytes lie; null for an empty lease.</summary>
    internal Slab? Slab => slab;

    internal Span<byte> Span => slab is null ? [] : slab.Bytes.AsSpan(offset, length);

    internal Memory<byte> Memory => slab is null ? default : slab.Bytes.AsMemory(offset, length);
}
