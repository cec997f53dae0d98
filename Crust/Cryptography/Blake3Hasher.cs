using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Crust.Cryptography;

/// <summary>
/// Incremental BLAKE3: hash, keyed hash and key derivation (specification §2.3 to §2.5), with extendable output (§2.6). Give input with
/// <see cref="Update"/>, the more at once the faster, then call <see cref="Finish"/> any number of times; <see cref="Reset"/> starts anew.
/// Whoever keyed it with a secret calls <see cref="Clear"/> at the end. One thread at a time.
/// </summary>
internal sealed unsafe class Blake3Hasher
{
    /// <summary>A tree over 2^64 bytes has at most 54 levels above its chunks (§5.1.2); one more, since the newest two values wait unmerged.</summary>
    private const int MaxDepth = 55;

    // Pinned: the collector leaves no copies of a key behind, and kernels take pointers.
    private readonly uint[] _key = GC.AllocateArray<uint>(8, pinned: true);
    private readonly uint[] _chunkValue = GC.AllocateArray<uint>(8, pinned: true);
    private readonly byte[] _block = GC.AllocateArray<byte>(Blake3.BlockLength, pinned: true);
    private readonly uint _flags;
    private readonly Blake3Degree _degree;

    /// <summary>
    /// Chaining values of finished subtrees, 32 bytes each, leftmost first. Merged only when more input comes: until then the newest parent may be the root.
    /// </summary>
    private byte[] _stack = [];

    private int _depth;
    private ulong _chunk;
    private int _blocksInChunk;
    private int _blockFill;

    /// <summary>Plain hashing.</summary>
    internal Blake3Hasher() : this(Blake3.WidestDegree)
    {
    }

    internal Blake3Hasher(Blake3Degree degree) : this(Blake3.InitialValue, 0, degree)
    {
    }

    /// <summary>Keyed hashing (a MAC and a PRF) with a 32-byte key.</summary>
    internal Blake3Hasher(ReadOnlySpan<byte> key) : this(key, Blake3.WidestDegree)
    {
    }

    internal Blake3Hasher(ReadOnlySpan<byte> key, Blake3Degree degree) : this(Blake3.Words(key), Blake3Flags.KeyedHash, degree)
    {
    }

    private Blake3Hasher(ReadOnlySpan<uint> key, uint flags, Blake3Degree degree)
    {
        key.CopyTo(_key);
        _flags = flags;
        _degree = degree;
        Reset();
    }

    /// <summary>Key derivation: the context is a hard-coded, globally unique string; the input is the key material.</summary>
    internal static Blake3Hasher ForKeyDerivation(string context) => ForKeyDerivation(context, Blake3.WidestDegree);

    internal static Blake3Hasher ForKeyDerivation(string context, Blake3Degree degree)
    {
        Span<byte> contextKey = stackalloc byte[Blake3.KeyLength];
        Blake3Tree.Hash(Encoding.UTF8.GetBytes(context), Blake3.InitialValue, Blake3Flags.DeriveKeyContext, contextKey, degree);
        return new Blake3Hasher(Blake3.Words(contextKey), Blake3Flags.DeriveKeyMaterial, degree);
    }

    internal void Reset()
    {
        _depth = 0;
        _chunk = 0;
        StartChunk();
    }

    /// <summary>Wipes the key and everything drawn from it and from the input. The hasher is of no use afterwards.</summary>
    internal void Clear()
    {
        Secrets.Zero(MemoryMarshal.AsBytes(_key.AsSpan()));
        Secrets.Zero(MemoryMarshal.AsBytes(_chunkValue.AsSpan()));
        Secrets.Zero(_block);
        Secrets.Zero(_stack);
        Reset();
    }

    internal void Update(ReadOnlySpan<byte> input)
    {
        if (_blocksInChunk > 0 || _blockFill > 0)
        {
            var take = Math.Min(input.Length, Blake3.ChunkLength - _blocksInChunk * Blake3.BlockLength - _blockFill);
            FillChunk(input[..take]);
            input = input[take..];
            if (input.IsEmpty)
                return;

            // The chunk is full, and not the last one.
            CompressBlock(Pointer(_block), Blake3Flags.ChunkEnd);
            Push(MemoryMarshal.AsBytes(_chunkValue.AsSpan()), _chunk++);
            StartChunk();
        }

        while (input.Length > Blake3.ChunkLength)
            input = input[AddSubtree(input)..];
        if (input.IsEmpty)
            return;
        MergeComplete(_chunk);
        FillChunk(input);
    }

    /// <summary>Fills <paramref name="output"/>, of any length; the first 32 bytes are the ordinary hash.</summary>
    [SkipLocalsInit]
    internal void Finish(Span<byte> output)
    {
        var value = stackalloc uint[8];
        var block = stackalloc byte[Blake3.BlockLength];
        var extended = stackalloc byte[Blake3.BlockLength];
        var remaining = _depth;
        ulong counter = 0;
        uint length = Blake3.BlockLength, flags = _flags | Blake3Flags.Parent;
        if (_depth == 0 || _blocksInChunk > 0 || _blockFill > 0)
        {
            _chunkValue.CopyTo(new Span<uint>(value, 8));
            new Span<byte>(block, Blake3.BlockLength).Clear();
            _block.AsSpan(0, _blockFill).CopyTo(new Span<byte>(block, Blake3.BlockLength));
            (counter, length, flags) = (_chunk, (uint)_blockFill, _flags | Blake3Flags.ChunkEnd | StartFlag);
        }
        else
        {
            // The input ended with a subtree: its two halves are the top of the stack.
            remaining -= 2;
            _key.CopyTo(new Span<uint>(value, 8));
            _stack.AsSpan(remaining * Blake3.HashLength, Blake3.BlockLength).CopyTo(new Span<byte>(block, Blake3.BlockLength));
        }

        for (; remaining > 0; remaining--)
        {
            Blake3Compression.Compress(value, block, counter, length, flags, _degree);
            _stack.AsSpan((remaining - 1) * Blake3.HashLength, Blake3.HashLength).CopyTo(new Span<byte>(block, Blake3.HashLength));
            Unsafe.CopyBlockUnaligned(block + Blake3.HashLength, value, Blake3.HashLength);
            _key.CopyTo(new Span<uint>(value, 8));
            (counter, length, flags) = (0, Blake3.BlockLength, _flags | Blake3Flags.Parent);
        }

        for (ulong part = 0; !output.IsEmpty; part++)
        {
            Blake3Compression.Extend(value, block, part, length, flags | Blake3Flags.Root, extended, _degree);
            var take = Math.Min(output.Length, Blake3.BlockLength);
            new ReadOnlySpan<byte>(extended, take).CopyTo(output);
            output = output[take..];
        }
    }

    private uint StartFlag => _blocksInChunk == 0 ? Blake3Flags.ChunkStart : 0;

    private static T* Pointer<T>(T[] pinned)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    private void StartChunk()
    {
        _key.CopyTo(_chunkValue, 0);
        _blocksInChunk = 0;
        _blockFill = 0;
    }

    /// <summary>Adds what fits into the chunk. A full block waits until more input shows that it is not the chunk's last one, which carries a flag.</summary>
    private void FillChunk(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            if (_blockFill == Blake3.BlockLength)
            {
                CompressBlock(Pointer(_block), 0);
                _blockFill = 0;
            }

            if (_blockFill == 0 && input.Length > Blake3.BlockLength)
            {
                fixed (byte* block = input)
                {
                    _blockFill = Blake3.BlockLength;
                    CompressBlock(block, 0);
                    _blockFill = 0;
                }

                input = input[Blake3.BlockLength..];
                continue;
            }

            var take = Math.Min(input.Length, Blake3.BlockLength - _blockFill);
            input[..take].CopyTo(_block.AsSpan(_blockFill));
            _blockFill += take;
            input = input[take..];
        }
    }

    private void CompressBlock(byte* block, uint endFlag)
    {
        Blake3Compression.Compress(Pointer(_chunkValue), block, _chunk, Blake3.BlockLength, _flags | StartFlag | endFlag, _degree);
        _blocksInChunk++;
    }

    /// <summary>Adds the largest whole subtree that the tree's shape allows here, and returns its length in bytes. The input is longer than a chunk.</summary>
    private int AddSubtree(ReadOnlySpan<byte> input)
    {
        var chunks = 1u << BitOperations.Log2((uint)input.Length / Blake3.ChunkLength);
        if (_chunk != 0)
            chunks = (uint)Math.Min(chunks, 1UL << Math.Min(BitOperations.TrailingZeroCount(_chunk), 31));
        var length = (int)chunks * Blake3.ChunkLength;
        Span<byte> values = stackalloc byte[Blake3.BlockLength];
        fixed (byte* start = input, output = values)
        {
            if (chunks == 1)
                Blake3Parallel.Chunks(start, 1, Pointer(_key), _chunk, _flags, output, _degree);
            else
                Blake3Tree.Halves(start, length, Pointer(_key), _chunk, _flags, output, _degree);
        }

        if (chunks == 1)
        {
            Push(values[..Blake3.HashLength], _chunk);
        }
        else
        {
            Push(values[..Blake3.HashLength], _chunk);
            Push(values[Blake3.HashLength..], _chunk + chunks / 2);
        }

        _chunk += chunks;
        return length;
    }

    /// <summary>Puts a subtree's chaining value on the stack; <paramref name="chunksBefore"/> chunks are to its left.</summary>
    private void Push(ReadOnlySpan<byte> value, ulong chunksBefore)
    {
        MergeComplete(chunksBefore);
        if (_stack.Length == 0)
            _stack = GC.AllocateArray<byte>(MaxDepth * Blake3.HashLength, pinned: true);
        value.CopyTo(_stack.AsSpan(_depth * Blake3.HashLength));
        _depth++;
    }

    /// <summary>
    /// Merges what is complete, now that more input follows: <paramref name="chunks"/> chunks are as many complete subtrees as the number has ones, as a
    /// binary counter carries (§5.1.2).
    /// </summary>
    private void MergeComplete(ulong chunks)
    {
        for (var complete = BitOperations.PopCount(chunks); _depth > complete; _depth--)
        {
            var pair = Pointer(_stack) + (_depth - 2) * Blake3.HashLength;
            Blake3Parallel.Parents(pair, 1, Pointer(_key), _flags, pair, _degree);
        }
    }
}
