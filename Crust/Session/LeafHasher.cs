using Crust.Cryptography;
using Crust.Identity;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// Hashes one direction's messages into leaves:
/// <c>H(0x00 ‖ salt (16) ‖ kind u8 ‖ protocol name varbytes ‖ stream id u64 ‖ number u64 ‖ length u64 ‖ payload)</c>. The salt is the first 16 bytes of
/// BLAKE3 keyed with the session's salt secret over <c>sender (32) ‖ kind u8 ‖ number u64</c>: an exported leaf reveals its own salt and no other, so
/// the remaining messages of its batch cannot be guessed from their hashes.
/// </summary>
internal sealed class LeafHasher
{
    internal const int SaltLength = 16;
    internal const byte LeafPrefix = 0x00;

    /// <summary>The kind of a whole message; its stream id is 0.</summary>
    internal const byte MessageKind = 1;

    /// <summary>Bytes before the payload, at most.</summary>
    internal const int MaxHeadLength = 1 + SaltLength + 1 + 2 + WireLimits.MaxProtocolNameLength + sizeof(ulong) * 3;

    /// <summary>Most leaves in one call of <see cref="Leaves"/>: a full vector, on a stack of 1 KiB.</summary>
    internal const int MaxSideBySide = 16;

    private const int SaltInputLength = PeerId.ByteLength + 1 + sizeof(ulong);

    private readonly byte[] _saltSecret = GC.AllocateArray<byte>(Blake3.KeyLength, pinned: true);
    private readonly Blake3Hasher _leafHasher = new();
    private readonly PeerId _sender;
    private bool _isCleared;

    internal LeafHasher(ReadOnlySpan<byte> saltSecret, PeerId sender)
    {
        Lengths.Require(saltSecret, Blake3.KeyLength);
        saltSecret.CopyTo(_saltSecret);
        _sender = sender;
    }

    /// <summary>Writes the 16-byte salt of a message.</summary>
    internal void Salt(ulong number, Span<byte> salt)
    {
        Span<byte> hash = stackalloc byte[Blake3.HashLength];
        Salts(number, hash);
        hash[..SaltLength].CopyTo(salt);
        Secrets.Zero(hash);
    }

    /// <summary>Writes the 32-byte leaf of a message.</summary>
    internal void Leaf(ReadOnlySpan<byte> protocolName, ulong number, ReadOnlySpan<byte> payload, Span<byte> leaf)
    {
        Span<byte> head = stackalloc byte[MaxHeadLength];
        var length = WriteHead(protocolName, number, payload.Length, head);
        Salt(number, head.Slice(1, SaltLength));
        _leafHasher.Reset();
        _leafHasher.Update(head[..length]);
        _leafHasher.Update(payload);
        _leafHasher.Finish(leaf[..MerkleTree.HashLength]);
    }

    /// <summary>Writes what stands before the payload, the salt left out for <see cref="Leaves"/>; returns its length.</summary>
    internal static int WriteHead(ReadOnlySpan<byte> protocolName, ulong number, int payloadLength, Span<byte> head)
    {
        var writer = new SpanWriter(head);
        writer.WriteByte(LeafPrefix);
        writer.Reserve(SaltLength).Clear();
        writer.WriteByte(MessageKind);
        writer.WriteVarBytes(protocolName);
        writer.WriteUInt64(0);
        writer.WriteUInt64(number);
        writer.WriteUInt64((ulong)payloadLength);
        return writer.Position;
    }

    /// <summary>Writes the leaves of at most <see cref="MaxSideBySide"/> messages with consecutive numbers, hashed side by side.</summary>
    /// <param name="firstNumber">Number of the first message.</param>
    /// <param name="inputs">Heads and payloads, back to back. The salts are put in.</param>
    /// <param name="ends">Where each message ends.</param>
    /// <param name="leaves">32 bytes a message.</param>
    internal void Leaves(ulong firstNumber, Span<byte> inputs, ReadOnlySpan<int> ends, Span<byte> leaves)
    {
        Span<byte> salts = stackalloc byte[MaxSideBySide * Blake3.HashLength];
        salts = salts[..(ends.Length * Blake3.HashLength)];
        Salts(firstNumber, salts);
        for (var i = 0; i < ends.Length; i++)
            salts.Slice(i * Blake3.HashLength, SaltLength).CopyTo(inputs[((i == 0 ? 0 : ends[i - 1]) + 1)..]);
        Blake3Many.Hash(inputs, ends, leaves);
        Secrets.Zero(salts);
    }

    /// <summary>Wipes the salt secret and what is left of the last message; no leaf can be hashed afterwards.</summary>
    internal void Clear()
    {
        _isCleared = true;
        Secrets.Zero(_saltSecret);
        _leafHasher.Clear();
    }

    /// <summary>Writes the 32 bytes of which the salts are the beginnings, for as many consecutive numbers as there is room.</summary>
    private void Salts(ulong firstNumber, Span<byte> hashes)
    {
        ObjectDisposedException.ThrowIf(_isCleared, this);
        Span<byte> inputs = stackalloc byte[MaxSideBySide * SaltInputLength];
        var writer = new SpanWriter(inputs);
        for (var i = 0; i < hashes.Length / Blake3.HashLength; i++)
        {
            _sender.CopyTo(writer.Reserve(PeerId.ByteLength));
            writer.WriteByte(MessageKind);
            writer.WriteUInt64(firstNumber + (ulong)i);
        }

        Blake3Many.KeyedHash(_saltSecret, writer.Written, SaltInputLength, hashes);
    }
}
