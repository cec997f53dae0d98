using Crust.Cryptography;

namespace Crust.Session;

/// <summary>
/// Leaf hashes that wait for a signature, back to back: at most <see cref="WireLimits.MaxBatchMessages"/>. Short messages are copied and hashed sixteen
/// at a time, or when somebody asks for their leaves; long ones fill the processor alone and are hashed at once.
/// </summary>
internal sealed class LeafList(LeafHasher hasher)
{
    /// <summary>Longest head and payload together that wait for others: what BLAKE3 takes side by side.</summary>
    private const int MaxShort = Blake3.ChunkLength;

    private readonly int[] _ends = new int[LeafHasher.MaxSideBySide];
    private byte[] _bytes = new byte[MerkleTree.HashLength * 4];
    private byte[] _inputs = [];
    private ulong _firstWaiting;

    /// <summary>The last so many leaves are not hashed yet.</summary>
    private int _waiting;

    internal int Count { get; private set; }

    /// <summary>Adds the leaf of a message.</summary>
    internal void Add(ReadOnlySpan<byte> protocolName, ulong number, ReadOnlySpan<byte> payload)
    {
        if (Count == WireLimits.MaxBatchMessages)
            throw new InvalidOperationException("More leaves than a batch may have.");
        if ((Count + 1) * MerkleTree.HashLength > _bytes.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        if (payload.Length > MaxShort - LeafHasher.MaxHeadLength)
        {
            HashWaiting();
            hasher.Leaf(protocolName, number, payload, _bytes.AsSpan(Count * MerkleTree.HashLength, MerkleTree.HashLength));
            Count++;
            return;
        }

        if (_waiting == LeafHasher.MaxSideBySide || number != _firstWaiting + (ulong)_waiting)
            HashWaiting();
        if (_waiting == 0)
            _firstWaiting = number;
        var start = _waiting == 0 ? 0 : _ends[_waiting - 1];
        if (_inputs.Length - start < LeafHasher.MaxHeadLength + payload.Length)
            Array.Resize(ref _inputs, Math.Max(_inputs.Length * 2, start + MaxShort));
        var head = LeafHasher.WriteHead(protocolName, number, payload.Length, _inputs.AsSpan(start, LeafHasher.MaxHeadLength));
        payload.CopyTo(_inputs.AsSpan(start + head));
        _ends[_waiting++] = start + head + payload.Length;
        Count++;
    }

    /// <summary>The first <paramref name="count"/> leaves.</summary>
    internal ReadOnlySpan<byte> First(int count)
    {
        HashWaiting();
        return _bytes.AsSpan(0, count * MerkleTree.HashLength);
    }

    internal void RemoveFirst(int count)
    {
        First(Count)[(count * MerkleTree.HashLength)..].CopyTo(_bytes);
        Count -= count;
    }

    internal void Clear()
    {
        Count = 0;
        _waiting = 0;
    }

    /// <summary>Forgets all leaves and wipes the messages and salts that were copied.</summary>
    internal void Wipe()
    {
        Clear();
        Secrets.Zero(_inputs);
    }

    private void HashWaiting()
    {
        if (_waiting == 0)
            return;
        var ends = _ends.AsSpan(0, _waiting);
        var leaves = _bytes.AsSpan((Count - _waiting) * MerkleTree.HashLength, _waiting * MerkleTree.HashLength);
        hasher.Leaves(_firstWaiting, _inputs, ends, leaves);
        _waiting = 0;
    }
}
