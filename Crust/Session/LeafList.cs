namespace Crust.Session;

/// <summary>Leaf hashes that wait for a signature, back to back: at most <see cref="WireLimits.MaxBatchMessages"/>.</summary>
internal sealed class LeafList
{
    private byte[] _bytes = new byte[MerkleTree.HashLength * 4];

    internal int Count { get; private set; }

    /// <summary>Adds a leaf and hands it out to be filled.</summary>
    internal Span<byte> Add()
    {
        if (Count == WireLimits.MaxBatchMessages)
            throw new InvalidOperationException("More leaves than a batch may have.");
        var start = Count * MerkleTree.HashLength;
        if (start == _bytes.Length)
            Array.Resize(ref _bytes, start * 2);
        Count++;
        return _bytes.AsSpan(start, MerkleTree.HashLength);
    }

    /// <summary>The first <paramref name="count"/> leaves.</summary>
    internal ReadOnlySpan<byte> First(int count) => _bytes.AsSpan(0, count * MerkleTree.HashLength);

    internal void RemoveFirst(int count)
    {
        First(Count)[(count * MerkleTree.HashLength)..].CopyTo(_bytes);
        Count -= count;
    }

    internal void Clear() => Count = 0;
}
