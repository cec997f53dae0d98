using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Crust.Cryptography;

/// <summary>
/// Incremental BLAKE3: hash, keyed hash and key derivation (specification §2.3 to §2.5), with extendable output (§2.6). Give input with
/// <see cref="Update"/>, then call <see cref="Finish"/> any number of times; <see cref="Reset"/> starts anew. One thread at a time.
/// </summary>
internal sealed class Blake3Hasher
{
    private const uint ChunkStart = 1, ChunkEnd = 2, Parent = 4, Root = 8, KeyedHash = 16, DeriveKeyContext = 32, DeriveKeyMaterial = 64;

    /// <summary>A tree over 2^64 bytes has at most 54 levels above its chunks (§5.1.2).</summary>
    private const int MaxDepth = 54;

    private readonly uint[] _key = new uint[8];
    private readonly uint _flags;
    private readonly uint[] _stack = new uint[MaxDepth * 8];
    private readonly uint[] _chunkValue = new uint[8];
    private readonly byte[] _block = new byte[Blake3.BlockLength];
    private int _depth;
    private ulong _chunk;
    private int _blocksInChunk;
    private int _blockFill;

    /// <summary>Plain hashing.</summary>
    internal Blake3Hasher() : this(Blake3.InitialValue, 0)
    {
    }

    /// <summary>Keyed hashing (a MAC and a PRF) with a 32-byte key.</summary>
    internal Blake3Hasher(ReadOnlySpan<byte> key) : this(Words(key), KeyedHash)
    {
    }

    private Blake3Hasher(ReadOnlySpan<uint> key, uint flags)
    {
        key.CopyTo(_key);
        _flags = flags;
        Reset();
    }

    /// <summary>Key derivation: the context is a hard-coded, globally unique string; the input is the key material.</summary>
    internal static Blake3Hasher ForKeyDerivation(string context)
    {
        var contextHasher = new Blake3Hasher(Blake3.InitialValue, DeriveKeyContext);
        contextHasher.Update(Encoding.UTF8.GetBytes(context));
        Span<byte> contextKey = stackalloc byte[Blake3.KeyLength];
        contextHasher.Finish(contextKey);
        return new Blake3Hasher(Words(contextKey), DeriveKeyMaterial);
    }

    internal void Reset()
    {
        _depth = 0;
        _chunk = 0;
        StartChunk();
    }

    internal void Update(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            // A full block waits until more input shows that it is not the last one: the last block carries flags.
            if (_blockFill == Blake3.BlockLength)
            {
                if (_blocksInChunk == Blake3.ChunkLength / Blake3.BlockLength - 1)
                    FinishChunk();
                else
                    AbsorbBlock();
            }

            var take = Math.Min(input.Length, Blake3.BlockLength - _blockFill);
            input[..take].CopyTo(_block.AsSpan(_blockFill));
            _blockFill += take;
            input = input[take..];
        }
    }

    /// <summary>Fills <paramref name="output"/>, of any length; the first 32 bytes are the ordinary hash.</summary>
    internal void Finish(Span<byte> output)
    {
        Span<uint> block = stackalloc uint[16];
        Span<uint> value = stackalloc uint[8];
        Span<uint> state = stackalloc uint[16];
        LoadBlock(block);
        _chunkValue.CopyTo(value);
        var counter = _chunk;
        var length = (uint)_blockFill;
        var flags = _flags | ChunkEnd | (_blocksInChunk == 0 ? ChunkStart : 0);
        for (var level = _depth - 1; level >= 0; level--)
        {
            Blake3.Compress(value, block, counter, length, flags, state);
            _stack.AsSpan(level * 8, 8).CopyTo(block);
            state[..8].CopyTo(block[8..]);
            _key.CopyTo(value);
            (counter, length, flags) = (0, Blake3.BlockLength, _flags | Parent);
        }

        Span<byte> bytes = stackalloc byte[Blake3.BlockLength];
        for (ulong part = 0; !output.IsEmpty; part++)
        {
            Blake3.Compress(value, block, part, length, flags | Root, state);
            for (var i = 0; i < 16; i++)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[(i * 4)..], state[i]);
            var take = Math.Min(output.Length, bytes.Length);
            bytes[..take].CopyTo(output);
            output = output[take..];
        }
    }

    private void StartChunk()
    {
        _key.CopyTo(_chunkValue, 0);
        _blocksInChunk = 0;
        _blockFill = 0;
    }

    private void AbsorbBlock()
    {
        CompressBlock(_blocksInChunk == 0 ? ChunkStart : 0);
        _blocksInChunk++;
        _blockFill = 0;
    }

    /// <summary>Closes a full chunk and merges it with every finished sibling to its left, as a binary counter carries (§5.1.2).</summary>
    private void FinishChunk()
    {
        CompressBlock(ChunkEnd);
        _chunk++;
        Span<uint> block = stackalloc uint[16];
        Span<uint> state = stackalloc uint[16];
        for (var merges = BitOperations.TrailingZeroCount(_chunk); merges > 0; merges--)
        {
            _depth--;
            _stack.AsSpan(_depth * 8, 8).CopyTo(block);
            _chunkValue.CopyTo(block[8..]);
            Blake3.Compress(_key, block, 0, Blake3.BlockLength, _flags | Parent, state);
            state[..8].CopyTo(_chunkValue);
        }

        _chunkValue.CopyTo(_stack, _depth * 8);
        _depth++;
        StartChunk();
    }

    private void CompressBlock(uint extraFlags)
    {
        Span<uint> block = stackalloc uint[16];
        Span<uint> state = stackalloc uint[16];
        LoadBlock(block);
        Blake3.Compress(_chunkValue, block, _chunk, (uint)_blockFill, _flags | extraFlags, state);
        state[..8].CopyTo(_chunkValue);
    }

    private void LoadBlock(Span<uint> block)
    {
        _block.AsSpan(_blockFill).Clear();
        for (var i = 0; i < block.Length; i++)
            block[i] = BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(i * 4));
    }

    private static uint[] Words(ReadOnlySpan<byte> key)
    {
        Lengths.Require(key, Blake3.KeyLength);
        var words = new uint[8];
        for (var i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(i * 4)..]);
        return words;
    }
}
