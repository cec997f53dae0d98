using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;

namespace Crust.Session;

/// <summary>
/// Gathers the leaves of messages and stream events as they are numbered, and signs them together: one signature for as many as a flush brings. Once
/// warm, a batch costs one object, the <see cref="SignedBatch"/>.
/// </summary>
internal sealed class BatchSigner
{
    private readonly PeerIdentity _identity;
    private readonly BatchStatement _statement;
    private readonly LeafHasher _hasher;
    private readonly LeafList _leaves;
    private ulong _first = 1;
    private long _bytes;

    internal BatchSigner(SessionParameters parameters)
    {
        _identity = parameters.Self;
        _statement = new BatchStatement(parameters.Network, parameters.Self.Id, parameters.Remote, parameters.SessionId);
        _hasher = new LeafHasher(parameters.SaltSecret, parameters.Self.Id);
        _leaves = new LeafList(_hasher);
    }

    internal bool IsEmpty => _leaves.Count == 0;

    /// <summary>Leaves gathered, at most <see cref="WireLimits.MaxBatchMessages"/>.</summary>
    internal int Count => _leaves.Count;

    /// <summary>Payload bytes gathered.</summary>
    internal long Bytes => _bytes;

    /// <summary>The last number under a signature; 0 for none.</summary>
    internal ulong SignedThrough => _first - 1;

    internal long Signed { get; private set; }

    /// <summary>Adds the leaf whose number follows the last one gathered. A long payload is hashed here.</summary>
    /// <exception cref="InvalidOperationException">The number is another, or the batch has no room: a bug.</exception>
    internal void Gather(in Leaf leaf, ReadOnlySpan<byte> payload)
    {
        RequireTurn(leaf.Number);
        _leaves.Add(leaf, payload);
        _bytes += payload.Length;
    }

    /// <summary>Adds the leaf of a payload that is so long that it <see cref="Leaf.NeedsDigest"/>, hashed before.</summary>
    /// <param name="leaf">Its number follows the last one gathered.</param>
    /// <param name="payloadLength">Length of the payload.</param>
    /// <param name="digest">The payload's BLAKE3 hash, 32 bytes.</param>
    /// <exception cref="ArgumentException">The payload is too short for a digest, or the digest has not 32 bytes: a bug.</exception>
    internal void Gather(in Leaf leaf, int payloadLength, ReadOnlySpan<byte> digest)
    {
        RequireTurn(leaf.Number);
        _leaves.Add(leaf, payloadLength, digest);
        _bytes += payloadLength;
    }

    /// <summary>Signs everything gathered.</summary>
    internal SignedBatch Sign(ulong unixMilliseconds)
    {
        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        Span<byte> signature = stackalloc byte[Ed25519.SignatureLength];
        MerkleTree.Root(_leaves.First(_leaves.Count), root);
        _statement.Write(_first, _leaves.Count, unixMilliseconds, root);
        Statement.Sign(_identity, _statement.Bytes, signature);
        var batch = new SignedBatch(_first, _leaves.Count, unixMilliseconds, signature);
        _statement.Advance();
        _first += (ulong)_leaves.Count;
        _bytes = 0;
        _leaves.Clear();
        Signed++;
        return batch;
    }

    /// <summary>Lets the buffers go if nothing is gathered; they grow again by themselves.</summary>
    internal void Trim() => _leaves.Trim();

    /// <summary>Wipes the salt secret: the session is over, and nothing more is gathered or signed.</summary>
    internal void Wipe()
    {
        _leaves.Wipe();
        _hasher.Clear();
    }

    private void RequireTurn(ulong number)
    {
        if (number != _first + (ulong)_leaves.Count)
            throw new InvalidOperationException($"Number {number} is out of turn.");
    }
}
