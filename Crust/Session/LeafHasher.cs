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

    private readonly Blake3Hasher _saltHasher;
    private readonly Blake3Hasher _leafHasher = new();
    private readonly PeerId _sender;

    internal LeafHasher(ReadOnlySpan<byte> saltSecret, PeerId sender)
    {
        _saltHasher = new Blake3Hasher(saltSecret);
        _sender = sender;
    }

    /// <summary>Writes the 16-byte salt of a message.</summary>
    internal void Salt(ulong number, Span<byte> salt)
    {
        Span<byte> input = stackalloc byte[PeerId.ByteLength + 1 + sizeof(ulong)];
        var writer = new SpanWriter(input);
        _sender.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteByte(MessageKind);
        writer.WriteUInt64(number);
        _saltHasher.Reset();
        _saltHasher.Update(input);
        _saltHasher.Finish(salt[..SaltLength]);
    }

    /// <summary>Writes the 32-byte leaf of a message.</summary>
    internal void Leaf(ReadOnlySpan<byte> protocolName, ulong number, ReadOnlySpan<byte> payload, Span<byte> leaf)
    {
        Span<byte> head = stackalloc byte[1 + SaltLength + 1 + 2 + WireLimits.MaxProtocolNameLength + sizeof(ulong) * 3];
        var writer = new SpanWriter(head);
        writer.WriteByte(LeafPrefix);
        Salt(number, writer.Reserve(SaltLength));
        writer.WriteByte(MessageKind);
        writer.WriteVarBytes(protocolName);
        writer.WriteUInt64(0);
        writer.WriteUInt64(number);
        writer.WriteUInt64((ulong)payload.Length);
        _leafHasher.Reset();
        _leafHasher.Update(writer.Written);
        _leafHasher.Update(payload);
        _leafHasher.Finish(leaf[..MerkleTree.HashLength]);
    }
}
