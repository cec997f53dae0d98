namespace Crust.Utp.Memory;

/// <summary>
/// A stretch of a byte stream, held in blocks: bytes are added at the end, copied from anywhere, and let go at the front. Offsets count from the stream's
/// beginning and never wrap. Without bytes it holds no block.
/// </summary>
internal sealed class ByteQueue(BlockPool pool)
{
    private const int BlockMask = BlockPool.BlockLength - 1;

    private byte[][] _blocks = [];
    private int _head;
    private int _count;

    /// <summary>Number of the block at <see cref="_head"/>: its offset in the stream over the length of a block.</summary>
    private long _firstBlock;

    /// <summary>Offset of the first byte held.</summary>
    internal long Begin { get; private set; }

    /// <summary>Offset behind the last byte held.</summary>
    internal long End { get; private set; }

    /// <summary>Bytes held.</summary>
    internal int Length => (int)(End - Begin);

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var within = (int)(End & BlockMask);
            if (_count == 0 || (End >> BlockPool.BlockShift) == _firstBlock + _count)
                AddBlock();
            var block = _blocks[(_head + _count - 1) & (_blocks.Length - 1)];
            var taken = Math.Min(bytes.Length, BlockPool.BlockLength - within);
            bytes[..taken].CopyTo(block.AsSpan(within));
            End += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>Copies from this offset; all of it is held.</summary>
    internal void CopyTo(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var piece = Piece(offset, destination.Length);
            piece.CopyTo(destination);
            destination = destination[piece.Length..];
            offset += piece.Length;
        }
    }

    /// <summary>The longest contiguous piece from this offset, of at most this length.</summary>
    internal ReadOnlySpan<byte> Piece(long offset, int maxLength)
    {
        var within = (int)(offset & BlockMask);
        var block = _blocks[(_head + (int)((offset >> BlockPool.BlockShift) - _firstBlock)) & (_blocks.Length - 1)];
        return block.AsSpan(within, Math.Min(maxLength, BlockPool.BlockLength - within));
    }

    /// <summary>Lets go of everything in front of this offset.</summary>
    internal void Release(long offset)
    {
        Begin = offset;
        var keepFrom = Begin == End ? long.MaxValue : Begin >> BlockPool.BlockShift;
        while (_count > 0 && _firstBlock < keepFrom)
        {
            pool.ReturnBlock(_blocks[_head]);
            _blocks[_head] = null!;
            _head = (_head + 1) & (_blocks.Length - 1);
            _firstBlock++;
            _count--;
        }
    }

    /// <summary>Lets go of everything, the list of blocks too.</summary>
    internal void Clear()
    {
        Release(End);
        Trim();
    }

    /// <summary>An empty queue lets go of the list of its blocks.</summary>
    internal void Trim()
    {
        if (_count > 0)
            return;
        _blocks = [];
        _head = 0;
    }

    private void AddBlock()
    {
        if (_count == 0)
            _firstBlock = End >> BlockPool.BlockShift;
        if (_count == _blocks.Length)
        {
            var larger = new byte[Math.Max(4, _blocks.Length * 2)][];
            for (var i = 0; i < _count; i++)
                larger[i] = _blocks[(_head + i) & (_blocks.Length - 1)];
            _blocks = larger;
            _head = 0;
        }

        _blocks[(_head + _count) & (_blocks.Length - 1)] = pool.RentBlock();
        _count++;
    }
}
