using Crust.Cryptography;
using Crust.Identity.Evidence;

namespace Crust.Session;

/// <summary>
/// Leaf hashes that wait for a signature, back to back: at most <see cref="WireLimits.MaxBatchMessages"/>. What they are made of is copied and hashed
/// sixteen at a time, or when somebody asks for the leaves. Nothing is allocated once the buffers have grown.
/// </summary>
/// <param name="hasher">Salts and hashes.</param>
/// <param name="keepSalts">Whether <see cref="FirstSalts"/> is wanted: 16 more bytes a leaf.</param>
internal sealed class LeafList(LeafHasher hasher, bool keepSalts = false)
{
    private readonly int[] _ends = new int[LeafHasher.MaxSideBySide];
    private byte[] _bytes = [];
    private byte[] _salts = [];
    private byte[] _inputs = [];
    private ulong _firstWaiting;

    /// <summary>The last so many leaves are not hashed yet.</summary>
    private int _waiting;

    internal int Count { get; private set; }

    /// <summary>Adds a leaf. The payload is not needed afterwards.</summary>
    internal void Add(in Leaf leaf, ReadOnlySpan<byte> payload)
    {
        if (leaf.IsUncovered || !Leaf.NeedsDigest(payload.Length))
        {
            AddBody(leaf, payload.Length, leaf.IsUncovered ? [] : payload);
            return;
        }

        Span<byte> digest = stackalloc byte[Blake3.HashLength];
        Blake3.Hash(payload, digest);
        AddBody(leaf, payload.Length, digest);
    }

    /// <summary>Adds the leaf of a long payload by its 32-byte hash.</summary>
    internal void Add(in Leaf leaf, int payloadLength, ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(payloadLength, Leaf.MaxInlineLength);
        AddBody(leaf, payloadLength, digest);
    }

    /// <summary>The first <paramref name="count"/> leaves.</summary>
    internal ReadOnlySpan<byte> First(int count)
    {
        HashWaiting();
        return _bytes.AsSpan(0, count * MerkleTree.HashLength);
    }

    /// <summary>The salts of the first <paramref name="count"/> leaves, if they are kept.</summary>
    internal ReadOnlySpan<byte> FirstSalts(int count)
    {
        HashWaiting();
        return _salts.AsSpan(0, count * Leaf.SaltLength);
    }

    internal void RemoveFirst(int count)
    {
        First(Count)[(count * MerkleTree.HashLength)..].CopyTo(_bytes);
        if (keepSalts)
            FirstSalts(Count)[(count * Leaf.SaltLength)..].CopyTo(_salts);
        Count -= count;
    }

    internal void Clear()
    {
        Count = 0;
        _waiting = 0;
    }

    /// <summary>Lets the buffers go while there are no leaves: an idle session needs none.</summary>
    internal void Trim()
    {
        if (Count == 0)
            _bytes = _salts = _inputs = [];
    }

    /// <summary>Forgets all leaves and wipes the messages and salts that were copied.</summary>
    internal void Wipe()
    {
        Clear();
        Secrets.Zero(_inputs);
        Secrets.Zero(_salts);
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            Array.Resize(ref buffer, Math.Max(Math.Max(buffer.Length * 2, length), 128));
    }

    private void AddBody(in Leaf leaf, int payloadLength, ReadOnlySpan<byte> body)
    {
        if (Count == WireLimits.MaxBatchMessages)
            throw new InvalidOperationException("More leaves than a batch may have.");
        if (_waiting == LeafHasher.MaxSideBySide || leaf.Number != _firstWaiting + (ulong)_waiting)
            HashWaiting();
        Grow(ref _bytes, (Count + 1) * MerkleTree.HashLength);
        if (keepSalts)
            Grow(ref _salts, (Count + 1) * Leaf.SaltLength);
        var start = _waiting == 0 ? 0 : _ends[_waiting - 1];
        Grow(ref _inputs, start + Leaf.MaxHeadLength + body.Length);
        if (_waiting == 0)
            _firstWaiting = leaf.Number;
        _ends[_waiting] = start + leaf.WriteInput(payloadLength, body, _inputs.AsSpan(start));
        _waiting++;
        Count++;
    }

    private void HashWaiting()
    {
        if (_waiting == 0)
            return;
        var done = Count - _waiting;
        hasher.Leaves(_firstWaiting, _inputs, _ends.AsSpan(0, _waiting), _bytes.AsSpan(done * MerkleTree.HashLength, _waiting * MerkleTree.HashLength));
        if (keepSalts)
        {
            for (var i = 0; i < _waiting; i++)
                _inputs.AsSpan((i == 0 ? 0 : _ends[i - 1]) + 1, Leaf.SaltLength).CopyTo(_salts.AsSpan((done + i) * Leaf.SaltLength));
        }

        _waiting = 0;
    }
}
