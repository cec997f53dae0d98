using Crust.Cryptography;

namespace Crust.Gateway.Files;

/// <summary>What a receiver makes of a chunk.</summary>
internal enum ChunkVerdict
{
    /// <summary>It follows what is there.</summary>
    Append,

    /// <summary>It begins at an earlier place that was offered, or anew: what is behind that place goes.</summary>
    Rewind,

    /// <summary>Not what the protocol allows: the sender is at fault.</summary>
    Violation,
}

/// <summary>
/// What a receiver has of a transfer and what must come next: files in manifest order, each from its beginning or, once after each offer, from a place
/// that was told. Knows no disk. One thread at a time.
/// </summary>
internal sealed class ReceivePlan
{
    private readonly Manifest _manifest;
    private readonly bool[] _done;
    private readonly byte[]?[] _hashes;
    private IReadOnlyList<ResumePoint> _points = [];
    private bool _mayRewind;

    internal ReceivePlan(Manifest manifest)
    {
        _manifest = manifest;
        _done = new bool[manifest.Entries.Count];
        _hashes = new byte[manifest.Entries.Count][];
        for (var i = 0; i < _done.Length; i++)
            _done[i] = manifest.Entries[i].IsFolder;
        Advance();
    }

    /// <summary>The file that comes next or is under way; the number of entries when all are there.</summary>
    internal int Current { get; private set; }

    /// <summary>How much of it is there.</summary>
    internal long Offset { get; private set; }

    /// <summary>Bytes that are there, of all files.</summary>
    internal long Received { get; private set; }

    /// <summary>Files that are complete.</summary>
    internal int FilesDone { get; private set; }

    internal bool IsComplete => Current == _done.Length;

    internal bool IsDone(int index) => _done[index];

    /// <summary>The hash of each complete file, in manifest order.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Hashes => _hashes.Where(h => h is not null).Select(h => (ReadOnlyMemory<byte>)h);

    internal ReadOnlyMemory<byte> HashOf(int index) => _hashes[index];

    /// <summary>A file was found complete and with the right hash, or became so.</summary>
    internal void Complete(int index, ReadOnlySpan<byte> hash)
    {
        if (_manifest.Entries[index].IsFolder || _done[index])
            throw new ArgumentOutOfRangeException(nameof(index));
        Received += _manifest.Entries[index].Length - (index == Current ? Offset : 0);
        FilesDone++;
        _done[index] = true;
        _hashes[index] = hash.ToArray();
        if (index == Current)
            Advance();
    }

    /// <summary>A part of the current file was found.</summary>
    internal void Found(long length)
    {
        if (IsComplete || length > _manifest.Entries[Current].Length)
            throw new ArgumentOutOfRangeException(nameof(length));
        MoveTo(length);
    }

    /// <summary>What to tell the sender after an offer. The next chunk may be at one of the points or at 0.</summary>
    internal ReceiverState Offer(IReadOnlyList<ResumePoint> points)
    {
        _points = points;
        _mayRewind = true;
        return new ReceiverState(ReceiverState.Runs(_done), points.Count == 0 ? null : Current, points);
    }

    /// <summary>Judges a chunk; nothing changes. After <see cref="ChunkVerdict.Rewind"/> call <see cref="Rewind"/>, then ask for the chunk again.</summary>
    internal ChunkVerdict Judge(int index, long offset, int length)
    {
        if (IsComplete || index != Current || length > _manifest.Entries[Current].Length - offset)
            return ChunkVerdict.Violation;
        if (offset == Offset)
            return ChunkVerdict.Append;
        return _mayRewind && (offset == 0 || _points.Any(p => p.Offset == offset)) ? ChunkVerdict.Rewind : ChunkVerdict.Violation;
    }

    /// <summary>What is behind the place is gone.</summary>
    internal void Rewind(long offset) => MoveTo(offset);

    /// <summary>A chunk was stored at <see cref="Offset"/>.</summary>
    internal void Append(int length)
    {
        MoveTo(Offset + length);
        _mayRewind = false;
    }

    /// <summary>True when the current file may end: all its bytes are there.</summary>
    internal bool MayEnd(int index) => !IsComplete && index == Current && Offset == _manifest.Entries[Current].Length;

    private void MoveTo(long offset)
    {
        Received += offset - Offset;
        Offset = offset;
    }

    private void Advance()
    {
        while (Current < _done.Length && _done[Current])
            Current++;
        Offset = 0;
        _mayRewind = false;
    }

    /// <summary>The hash that stands for all files: BLAKE3 of their hashes in manifest order.</summary>
    internal static byte[] RootOf(IEnumerable<ReadOnlyMemory<byte>> hashes)
    {
        var hasher = new Blake3Hasher();
        foreach (var hash in hashes)
            hasher.Update(hash.Span);
        var root = new byte[Blake3.HashLength];
        hasher.Finish(root);
        return root;
    }
}
