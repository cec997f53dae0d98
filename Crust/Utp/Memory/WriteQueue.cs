using Crust.Buffers;

namespace Crust.Utp.Memory;

/// <summary>
/// The bytes that were written and not acknowledged, from where they can be sent, and sent again. A writer fills the room behind them itself (<see cref="Reserve"/>,
/// <see cref="Commit"/>), so that nothing is copied on the way. Offsets count from the stream's beginning and never wrap. Without bytes, and without a
/// writer at work, it holds no block.
/// </summary>
internal sealed class WriteQueue(BlockPool pool)
{
    /// <summary>Room of this size begins a large block. Ours: a bulk record.</summary>
    private const int LargeRoom = 8 * 1024;

    private Block[] _blocks = [];
    private int _head;
    private int _count;

    /// <summary>The block that was looked into last, counted from the first.</summary>
    private int _cursor;
    private bool _isReserved;

    /// <summary>Offset of the first byte held.</summary>
    internal long Begin { get; private set; }

    /// <summary>Offset behind the last byte held.</summary>
    internal long End { get; private set; }

    /// <summary>Bytes held.</summary>
    internal int Length => (int)(End - Begin);

    /// <summary>Room behind the last byte, of at least so much; the writer's until it is committed, once or in pieces. Nothing else may be added meanwhile.</summary>
    internal Memory<byte> Reserve(int room)
    {
        if (_count == 0 || Last.Room < Math.Max(room, 1))
            AddBlock(Math.Max(room, 1));
        _isReserved = true;
        ref var block = ref Last;
        return block.Array.AsMemory(block.Used);
    }

    /// <summary>So much of the room that was reserved is filled. The writer may go on behind it.</summary>
    internal void Commit(int length)
    {
        Last.Used += length;
        End += length;
    }

    /// <summary>The writer is at rest: what it has in hand it uses no more.</summary>
    internal void EndReservation()
    {
        _isReserved = false;
        Release(Begin);
    }

    /// <summary>Copies bytes behind the last one.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        var room = Math.Min(bytes.Length, LargeRoom);
        while (bytes.Length > 0)
        {
            if (_count == 0 || Last.Room == 0)
                AddBlock(room);
            ref var block = ref Last;
            var taken = Math.Min(bytes.Length, block.Room);
            bytes[..taken].CopyTo(block.Array.AsSpan(block.Used));
            Commit(taken);
            bytes = bytes[taken..];
        }
    }

    /// <summary>Copies from this offset; all of it is held.</summary>
    internal void CopyTo(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            ref var block = ref Find(offset);
            var within = (int)(offset - block.Start);
            var piece = block.Array.AsSpan(within, Math.Min(destination.Length, block.Used - within));
            piece.CopyTo(destination);
            destination = destination[piece.Length..];
            offset += piece.Length;
        }
    }

    /// <summary>Pieces that <see cref="Gather"/> adds; 0 when it must not be asked, since some of the bytes may be moved.</summary>
    internal int PiecesOf(long offset, int length)
    {
        var pieces = 0;
        for (var end = offset + length; offset < end; pieces++)
        {
            ref var block = ref Find(offset);
            if (!BlockPool.IsPinned(block.Array))
                return 0;
            offset = block.End;
        }

        return pieces;
    }

    /// <summary>Adds bytes from this offset, where they lie; all of them are held, and stay as long as nothing is released.</summary>
    internal void Gather(long offset, int length, GatherList list)
    {
        while (length > 0)
        {
            ref var block = ref Find(offset);
            var within = (int)(offset - block.Start);
            var piece = Math.Min(length, block.Used - within);
            list.Add(block.Array, within, piece);
            offset += piece;
            length -= piece;
        }
    }

    /// <summary>Lets go of everything in front of this offset.</summary>
    internal void Release(long offset)
    {
        Begin = offset;
        while (_count > 0 && At(0).End <= offset && !(_count == 1 && _isReserved))
            RemoveFirst(toPool: true);
    }

    /// <summary>Lets go of everything, the list of blocks too. A writer at work may go on in what it has in hand, which nobody reads.</summary>
    internal void Clear()
    {
        Begin = End;
        while (_count > 0)
            RemoveFirst(toPool: _count > 1 || !_isReserved);
        _isReserved = false;
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

    private ref Block Last => ref At(_count - 1);

    private ref Block At(int index) => ref _blocks[(_head + index) & (_blocks.Length - 1)];

    /// <summary>The block with this byte: mostly the one of the last time, or the next.</summary>
    private ref Block Find(long offset)
    {
        if (_cursor >= _count)
            _cursor = 0;
        while (At(_cursor).Start > offset)
            _cursor--;
        while (At(_cursor).End <= offset)
            _cursor++;
        return ref At(_cursor);
    }

    private void RemoveFirst(bool toPool)
    {
        ref var block = ref At(0);
        if (toPool)
            pool.ReturnBlock(block.Array);
        else
            pool.Forget();
        block = default;
        _head = (_head + 1) & (_blocks.Length - 1);
        _count--;
        _cursor = Math.Max(0, _cursor - 1);
    }

    private void AddBlock(int room)
    {
        if (_count == _blocks.Length)
        {
            var larger = new Block[Math.Max(4, _blocks.Length * 2)];
            for (var i = 0; i < _count; i++)
                larger[i] = At(i);
            _blocks = larger;
            _head = 0;
        }

        _count++;
        Last = new Block(pool.RentBlock(room >= LargeRoom, room), End);
    }

    private struct Block(byte[] array, long start)
    {
        internal readonly byte[] Array = array;

        /// <summary>Offset of its first byte in the stream.</summary>
        internal readonly long Start = start;

        internal int Used;

        internal readonly int Room => Array.Length - Used;

        internal readonly long End => Start + Used;
    }
}
