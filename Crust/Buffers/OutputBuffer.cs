namespace Crust.Buffers;

/// <summary>
/// What a pipe's writing end gathers between two flushes: one contiguous buffer, rented between the first byte and the flush that takes the last one. A field of its owner, never
/// copied; one writer at a time.
/// </summary>
/// <typeparam name="TLessor">Where the memory is from.</typeparam>
internal struct OutputBuffer<TLessor> where TLessor : struct, IArrayLessor
{
    /// <summary>Room in the buffer that begins with a large piece, so that it need not grow: what a link gathers between two flushes.</summary>
    private const int LargeLength = 256 * 1024;

    /// <summary>A piece of this length begins with a large buffer.</summary>
    private const int LargePiece = 16 * 1024;

    private byte[]? _array;
    private bool _isCompleted;

    /// <summary>Bytes that were written and not taken.</summary>
    internal int Length { get; private set; }

    /// <summary>True once nothing more may be written.</summary>
    internal readonly bool IsCompleted => _isCompleted;

    /// <summary>Those bytes, from one on. They stay the buffer's.</summary>
    internal readonly Memory<byte> Written(int from) => _array.AsMemory(from, Length - from);

    /// <summary>Room to write to, of at least this length, or of one byte.</summary>
    internal Memory<byte> Room(int sizeHint)
    {
        MakeRoom(sizeHint);
        return _array.AsMemory(Length);
    }

    /// <summary>So many bytes of the room were written.</summary>
    internal void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_array?.Length ?? 0) - Length);
        Length += bytes;
    }

    /// <summary>Gives the array away, with what was written; null when nothing was asked for since the last time.</summary>
    internal byte[]? Take(out int length)
    {
        var taken = _array;
        length = Length;
        _array = null;
        Length = 0;
        return taken;
    }

    /// <summary>Gives the memory back; what was written is lost.</summary>
    internal void Release()
    {
        if (Take(out _) is { } array)
            TLessor.Return(array);
    }

    /// <summary>The same, and nothing may be written any more.</summary>
    internal void Complete()
    {
        _isCompleted = true;
        Release();
    }

    private void MakeRoom(int sizeHint)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The writer was completed.");
        var wanted = Math.Max(sizeHint, 1);
        if (_array is not null && _array.Length - Length >= wanted)
            return;
        var larger = TLessor.Rent(Math.Max(wanted >= LargePiece ? LargeLength : TLessor.SmallLength, Length + wanted));
        if (_array is not null)
        {
            _array.AsSpan(0, Length).CopyTo(larger);
            TLessor.Return(_array);
        }

        _array = larger;
    }
}
