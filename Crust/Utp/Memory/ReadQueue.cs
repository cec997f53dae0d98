using System.Buffers;

namespace Crust.Utp.Memory;

/// <summary>
/// The received bytes that wait for their reader, who is shown them where they lie: <see cref="Lend"/> and <see cref="Release"/> take turns. Bytes may be added
/// in between; they change nothing of what was shown. The reader may write to what it was shown. The first block is small; once one was filled the next are large, so
/// that what a fast stream brings is mostly in one piece. Without bytes it holds no block.
/// </summary>
internal sealed class ReadQueue(BlockPool pool)
{
    private ReadBlock? _first;
    private ReadBlock? _last;
    private int _start;
    private int _end;
    private bool _wasFilled;
    private bool _isLent;

    /// <summary>Bytes taken away since the beginning.</summary>
    internal long Begin { get; private set; }

    /// <summary>Bytes added since the beginning.</summary>
    internal long End { get; private set; }

    /// <summary>Bytes held.</summary>
    internal int Length => (int)(End - Begin);

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        End += bytes.Length;
        while (bytes.Length > 0)
        {
            if (_last is null || _end == _last.Array.Length)
                AddBlock();
            var taken = Math.Min(bytes.Length, _last!.Array.Length - _end);
            bytes[..taken].CopyTo(_last.Array.AsSpan(_end));
            _end += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>All that is held; the reader's until it is released.</summary>
    internal ReadOnlySequence<byte> Lend()
    {
        _isLent = true;
        return _first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_first, _start, _last!, _end);
    }

    /// <summary>Copies the first bytes; so many are held.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        var offset = _start;
        for (var block = _first; destination.Length > 0; block = block!.Following, offset = 0)
        {
            var end = block == _last ? _end : block!.Array.Length;
            var piece = block!.Array.AsSpan(offset, Math.Min(end - offset, destination.Length));
            piece.CopyTo(destination);
            destination = destination[piece.Length..];
        }
    }

    /// <summary>Takes away the first bytes, so many of which are held. Nothing that was lent may be used any more.</summary>
    internal void Release(int length)
    {
        _isLent = false;
        Begin += length;
        if (Begin == End)
        {
            Return();
            return;
        }

        for (_start += length; _start >= _first!.Array.Length;)
        {
            _start -= _first.Array.Length;
            var following = _first.Following;
            pool.Return(_first);
            _first = following;
        }
    }

    /// <summary>Lets go of everything. What a reader still holds it may keep, and nobody else gets.</summary>
    internal void Clear()
    {
        Begin = End;
        if (_isLent)
            pool.Forget(_first);
        else
            Return();
        (_first, _last) = (null, null);
    }

    /// <summary>Nothing comes: the next block is a small one.</summary>
    internal void Trim() => _wasFilled = false;

    private void Return()
    {
        for (var block = _first; block is not null;)
        {
            var following = block.Following;
            pool.Return(block);
            block = following;
        }

        (_first, _last) = (null, null);
    }

    private void AddBlock()
    {
        _wasFilled |= _last is not null;
        var block = pool.RentRead(wantsLarge: _wasFilled);
        if (_last is null)
            (_first, _start) = (block, 0);
        else
            _last.Append(block);
        (_last, _end) = (block, 0);
    }
}
