using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Session.Circuits;

/// <summary>
/// Bytes of a circuit that wait to be written, in pieces of pooled memory; an empty one holds nothing. What is short is gathered, what is long and owned is
/// taken as it is. Pure; one thread at a time.
/// </summary>
internal sealed class CircuitQueue
{
    /// <summary>Pieces that begin with less than this grow into it: many short ones share an array.</summary>
    private const int PieceLength = 64 << 10;

    private readonly RingBuffer<Piece> _pieces = new();
    private Piece? _last;

    internal int Length { get; private set; }

    /// <summary>Adds a copy.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_last is not { } last || last.Bytes.Length == last.End)
                last = Add(SlabPool.Rent(bytes.Length >= SlabPool.MinLength || Length > SlabPool.MinLength ? PieceLength : SlabPool.MinLength), 0);
            var taken = Math.Min(bytes.Length, last.Bytes.Length - last.End);
            bytes[..taken].CopyTo(last.Bytes.AsSpan(last.End));
            last.End += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>Adds an array of <see cref="SlabPool"/>, filled from its start; it is given back once it is read.</summary>
    internal void Append(byte[] ownedArray, int length)
    {
        Length += length;
        Add(ownedArray, length);
    }

    /// <summary>Takes bytes out; as many as the destination is long must be there.</summary>
    internal void Read(Span<byte> destination)
    {
        Length -= destination.Length;
        while (!destination.IsEmpty)
        {
            var first = _pieces[0];
            var taken = Math.Min(destination.Length, first.End - first.Start);
            first.Bytes.AsSpan(first.Start, taken).CopyTo(destination);
            first.Start += taken;
            destination = destination[taken..];
            if (first.Start == first.End)
                Drop();
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        Length = 0;
        while (_pieces.Count > 0)
            Drop();
    }

    private Piece Add(byte[] array, int length)
    {
        _last = new Piece(array) { End = length };
        _pieces.Add(_last);
        return _last;
    }

    private void Drop()
    {
        _ = _pieces.TryTake(out var piece);
        if (piece == _last)
            _last = null;
        SlabPool.Return(piece.Bytes);
        _pieces.TrimWhenEmpty(all: true);
    }

    private sealed class Piece(byte[] bytes)
    {
        internal byte[] Bytes => bytes;

        internal int Start { get; set; }

        internal int End { get; set; }
    }
}
