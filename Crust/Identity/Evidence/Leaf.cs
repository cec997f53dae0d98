using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity.Evidence;

/// <summary>
/// What a batch signs of one message, or of one event of a stream. Its hash, a leaf of the batch's tree, is
/// <c>H(0x00 ‖ salt (16) ‖ kind u8 ‖ protocol name varbytes ‖ stream id u64 ‖ number u64 ‖ offset u64 ‖ length u64 ‖ body)</c>. The body is the payload if
/// that has at most <see cref="MaxInlineLength"/> bytes, else the payload's BLAKE3 hash: a large payload can be hashed before it has a number. All kinds
/// share one sequence of numbers for each direction of a session, so that a number has one leaf.
/// </summary>
/// <param name="kind">What it is.</param>
/// <param name="protocol">Name of the message's or the stream's protocol, 1 to 64 bytes of ASCII. The caller's: it must outlive the leaf.</param>
/// <param name="streamId">The stream; 0 for a message.</param>
/// <param name="number">The place in the direction's sequence, from 1.</param>
/// <param name="offset">Where stream data begins in its stream, in bytes; 0 for a message.</param>
/// <param name="isUncovered">
/// True when the sender leaves the payload out of its signature: the body is then empty, and the kind has its highest bit set. Only number and length are signed.
/// </param>
internal readonly ref struct Leaf(SignedContent kind, ReadOnlySpan<byte> protocol, ulong streamId, ulong number, ulong offset, bool isUncovered = false)
{
    internal const int SaltLength = 16;

    /// <summary>Longest payload that stands in the leaf itself. Ours: with all that precedes it, it fills at most one chunk of BLAKE3.</summary>
    internal const int MaxInlineLength = 768;

    /// <summary>Bytes before the body, at most.</summary>
    internal const int MaxHeadLength = 1 + SaltLength + 1 + 2 + EvidenceLimits.MaxProtocolNameLength + sizeof(ulong) * 4;

    /// <summary>Longest input of a leaf's hash.</summary>
    internal const int MaxInputLength = MaxHeadLength + MaxInlineLength;

    private const byte Prefix = 0x00;
    private const byte UncoveredBit = 0x80;

    internal bool IsUncovered { get; } = isUncovered;

    internal SignedContent Kind { get; } = kind;

    internal ReadOnlySpan<byte> Protocol { get; } = protocol;

    internal ulong StreamId { get; } = streamId;

    internal ulong Number { get; } = number;

    internal ulong Offset { get; } = offset;

    /// <summary>The leaf of a whole message.</summary>
    internal static Leaf Message(ReadOnlySpan<byte> protocol, ulong number) => new(SignedContent.Message, protocol, 0, number, 0);

    /// <summary>True when the body of a payload of this length is its hash.</summary>
    internal static bool NeedsDigest(int length) => length > MaxInlineLength;

    /// <summary>Writes the input of the hash, but for the salt, which begins at 1; returns its length.</summary>
    /// <param name="payloadLength">Length of the payload, whichever stands for it.</param>
    /// <param name="body">The payload, or its hash when <see cref="NeedsDigest"/>.</param>
    /// <param name="input">At most <see cref="MaxInputLength"/> bytes are needed.</param>
    internal int WriteInput(int payloadLength, ReadOnlySpan<byte> body, Span<byte> input)
    {
        if (body.Length != (IsUncovered ? 0 : NeedsDigest(payloadLength) ? Blake3.HashLength : payloadLength))
            throw new ArgumentException("The body of a long payload is its hash, of a short one the payload.", nameof(body));
        var writer = new SpanWriter(input);
        writer.WriteByte(Prefix);
        writer.Reserve(SaltLength).Clear();
        writer.WriteByte((byte)((int)Kind | (IsUncovered ? UncoveredBit : 0)));
        writer.WriteVarBytes(Protocol);
        writer.WriteUInt64(StreamId);
        writer.WriteUInt64(Number);
        writer.WriteUInt64(Offset);
        writer.WriteUInt64((ulong)payloadLength);
        writer.WriteBytes(body);
        return writer.Position;
    }

    /// <summary>Writes the 32-byte hash of one leaf whose salt is known.</summary>
    internal void Hash(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload, Span<byte> hash)
    {
        Lengths.Require(salt, SaltLength);
        Span<byte> digest = stackalloc byte[Blake3.HashLength];
        scoped var body = payload;
        if (NeedsDigest(payload.Length))
        {
            Blake3.Hash(payload, digest);
            body = digest;
        }

        var input = new byte[MaxInputLength];
        var length = WriteInput(payload.Length, body, input);
        salt.CopyTo(input.AsSpan(1));
        Blake3.Hash(input.AsSpan(0, length), hash);
    }
}
