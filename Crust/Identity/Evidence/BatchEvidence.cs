using System.Text;
using Crust.Cryptography;

namespace Crust.Identity.Evidence;

/// <summary>
/// What one verified batch proves by, copied out of the session and immutable: network, statement, signature, the hash of every leaf and every leaf's
/// salt. 48 bytes a leaf and 244 beside them, so at most 49,396 for a batch of 1,024. It holds no secret that opens anything else, and nothing of the
/// session: it lives as long as somebody keeps it, and costs nothing once the last message of its batch is let go. Thread safe.
/// </summary>
/// <remarks>
/// The salts are kept, 16 bytes a leaf, rather than the secret that they come from: whoever held that could compute the salts of the whole session, so
/// that it would have to be wiped with the session, and exports would fail from then on.
/// </remarks>
internal sealed class BatchEvidence
{
    private const int SignatureOffset = BatchBody.Length;
    private const int LeavesOffset = SignatureOffset + Ed25519.SignatureLength;

    /// <summary>Body of the statement (180) ‖ signature (64) ‖ leaves (32 each) ‖ salts (16 each).</summary>
    private readonly byte[] _bytes;

    /// <summary>Copies what the caller has verified; nothing is checked again.</summary>
    internal BatchEvidence(
        NetworkId network, ulong first, int count, ReadOnlySpan<byte> body, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> leaves, ReadOnlySpan<byte> salts)
    {
        Lengths.Require(body, BatchBody.Length);
        Lengths.Require(signature, Ed25519.SignatureLength);
        Lengths.Require(leaves, count * MerkleTree.HashLength);
        Lengths.Require(salts, count * Leaf.SaltLength);
        (Network, First, Count) = (network, first, count);
        _bytes = new byte[LeavesOffset + leaves.Length + salts.Length];
        body.CopyTo(_bytes);
        signature.CopyTo(_bytes.AsSpan(SignatureOffset));
        leaves.CopyTo(_bytes.AsSpan(LeavesOffset));
        salts.CopyTo(_bytes.AsSpan(LeavesOffset + leaves.Length));
    }

    internal NetworkId Network { get; }

    /// <summary>Number of the first leaf.</summary>
    internal ulong First { get; }

    /// <summary>How many leaves there are.</summary>
    internal int Count { get; }

    /// <summary>The statement's body: <see cref="BatchBody"/>.</summary>
    internal ReadOnlySpan<byte> Body => _bytes.AsSpan(0, BatchBody.Length);

    internal ReadOnlySpan<byte> Signature => _bytes.AsSpan(SignatureOffset, Ed25519.SignatureLength);

    /// <summary>The hashes of all leaves, back to back.</summary>
    internal ReadOnlySpan<byte> Leaves => _bytes.AsSpan(LeavesOffset, Count * MerkleTree.HashLength);

    /// <summary>The salt of a leaf of this batch.</summary>
    internal ReadOnlySpan<byte> Salt(ulong number) =>
        _bytes.AsSpan(LeavesOffset + Count * MerkleTree.HashLength + IndexOf(number) * Leaf.SaltLength, Leaf.SaltLength);

    /// <summary>Makes the proof of one leaf of this batch, which anyone can check without the session.</summary>
    /// <param name="leaf">As it was verified.</param>
    /// <param name="payload">As it was verified; copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not of this batch: a bug.</exception>
    /// <exception cref="InvalidOperationException">This is not what was signed: the payload's buffer has been changed since.</exception>
    internal SignedMessage Export(in Leaf leaf, ReadOnlySpan<byte> payload)
    {
        var index = IndexOf(leaf.Number);
        Span<byte> hash = stackalloc byte[MerkleTree.HashLength];
        leaf.Hash(Salt(leaf.Number), payload, hash);
        if (!hash.SequenceEqual(Leaves.Slice(index * MerkleTree.HashLength, MerkleTree.HashLength)))
            throw new InvalidOperationException("The content is not what was signed: it has been changed since it was received.");
        var body = BatchBody.Read(Body);
        return new SignedMessage
        {
            Network = Network,
            Sender = body.Sender,
            Receiver = body.Receiver,
            SessionId = body.SessionId.ToArray(),
            Kind = leaf.Kind,
            Protocol = Encoding.ASCII.GetString(leaf.Protocol),
            StreamId = leaf.StreamId,
            Number = leaf.Number,
            Offset = leaf.Offset,
            Payload = payload.ToArray(),
            Salt = Salt(leaf.Number).ToArray(),
            BatchFirst = First,
            BatchCount = Count,
            PreviousHash = body.Previous.ToArray(),
            UnixMilliseconds = body.UnixMilliseconds,
            Signature = Signature.ToArray(),
            AuditPath = Evidence.AuditPath.Of(index, Leaves),
        };
    }

    /// <summary>The place of a number among the leaves.</summary>
    private int IndexOf(ulong number)
    {
        if (number < First || number - First >= (ulong)Count)
            throw new ArgumentOutOfRangeException(nameof(number), number, "The batch does not cover this number.");
        return (int)(number - First);
    }
}
