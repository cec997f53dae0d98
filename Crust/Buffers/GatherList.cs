namespace Crust.Buffers;

/// <summary>
/// Bytes that belong behind one another and lie in several places, for one call of the kernel (struct iovec). Short ones are written into the list itself, long ones stay where they are: in arrays that do not
/// move (<c>GC.AllocateArray</c>, pinned) and are not used for anything else until <see cref="Clear"/>. Used again and again by one thread at a time.
/// </summary>
internal sealed class GatherList
{
    /// <summary>Most pieces. Ours: a header and a block, or two, for each of the longest datagrams that fit a train.</summary>
    internal const int Capacity = 64;

    /// <summary>Room for what is written into the list itself.</summary>
    internal const int InlineLength = 4096;

    private readonly byte[] _inline = GC.AllocateUninitializedArray<byte>(InlineLength, pinned: true);
    private readonly Piece[] _pieces = new Piece[Capacity];
    private int _count;
    private int _inlined;

    /// <summary>Bytes in all.</summary>
    internal int Length { get; private set; }

    /// <summary>Pieces that may still be added.</summary>
    internal int FreePieces => Capacity - _count;

    /// <summary>The pieces in their order.</summary>
    internal ReadOnlySpan<Piece> Pieces => _pieces.AsSpan(0, _count);

    internal void Clear() => (_count, _inlined, Length) = (0, 0, 0);

    /// <summary>Adds room for a few bytes, which the caller fills.</summary>
    internal Span<byte> Reserve(int length)
    {
        Add(_inline, _inlined, length);
        _inlined += length;
        return _inline.AsSpan(_inlined - length, length);
    }

    /// <summary>Adds bytes where they lie.</summary>
    /// <param name="array">Pinned.</param>
    /// <param name="offset">Where they begin in it.</param>
    /// <param name="length">How many.</param>
    internal void Add(byte[] array, int offset, int length)
    {
        _ = array.AsSpan(offset, length);
        _pieces[_count++] = new Piece(array, offset, length);
        Length += length;
    }

    /// <summary>Copies all of them behind one another; there must be room.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        foreach (ref readonly var piece in Pieces)
        {
            piece.Array.AsSpan(piece.Offset, piece.Length).CopyTo(destination);
            destination = destination[piece.Length..];
        }
    }

    /// <summary>Some of the bytes.</summary>
    internal readonly record struct Piece(byte[] Array, int Offset, int Length);
}
