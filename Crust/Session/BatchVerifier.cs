using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Session.Frames;

namespace Crust.Session;

/// <summary>
/// Holds the leaves of messages and stream events that arrived whole, until a statement over them verifies under the remote's key; then gives what
/// proves it to others. Once warm, a batch costs one <see cref="BatchEvidence"/> and its bytes, and nothing where none is kept.
/// </summary>
internal sealed class BatchVerifier
{
    private readonly PeerId _remote;
    private readonly NetworkId _network;
    private readonly BatchStatement _statement;
    private readonly LeafHasher _hasher;
    private readonly LeafList _leaves;
    private readonly bool _keepEvidence;
    private ulong _first = 1;

    /// <param name="parameters">Of the session.</param>
    /// <param name="keepEvidence">Whether <see cref="TryVerify"/> gives evidence.</param>
    internal BatchVerifier(SessionParameters parameters, bool keepEvidence = true)
    {
        _remote = parameters.Remote;
        _network = parameters.Network;
        _statement = new BatchStatement(parameters.Network, parameters.Remote, parameters.Self.Id, parameters.SessionId);
        _hasher = new LeafHasher(parameters.SaltSecret, parameters.Remote);
        _leaves = new LeafList(_hasher, keepEvidence);
        _keepEvidence = keepEvidence;
    }

    /// <summary>Leaves that wait for their statement.</summary>
    internal int Count => _leaves.Count;

    /// <summary>The last number under a good statement; 0 for none.</summary>
    internal ulong VerifiedThrough => _first - 1;

    internal long Verified { get; private set; }

    /// <summary>Adds the next leaf; a long payload is hashed here. False when its number is not the next, or more wait than one statement may cover.</summary>
    internal bool TryGather(in Leaf leaf, ReadOnlySpan<byte> payload)
    {
        if (!IsNext(leaf.Number))
            return false;
        _leaves.Add(leaf, payload);
        return true;
    }

    /// <summary>Adds the next leaf, of a payload that is so long that it <see cref="Leaf.NeedsDigest"/>, hashed before. False as above.</summary>
    /// <param name="leaf">What arrived.</param>
    /// <param name="payloadLength">Length of the payload.</param>
    /// <param name="digest">The payload's BLAKE3 hash, 32 bytes.</param>
    /// <exception cref="ArgumentException">The payload is too short for a digest, or the digest has not 32 bytes: a bug.</exception>
    internal bool TryGather(in Leaf leaf, int payloadLength, ReadOnlySpan<byte> digest)
    {
        if (!IsNext(leaf.Number))
            return false;
        _leaves.Add(leaf, payloadLength, digest);
        return true;
    }

    /// <summary>Checks a statement over the first leaves that wait, and releases them. False leaves everything as it was.</summary>
    /// <param name="frame">The statement.</param>
    /// <param name="evidence">What proves its leaves to others; null when it is not kept, or the statement is not good.</param>
    internal bool TryVerify(in BatchFrame frame, out BatchEvidence? evidence)
    {
        evidence = null;
        if (frame.First != _first || frame.Count > _leaves.Count)
            return false;
        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        var leaves = _leaves.First(frame.Count);
        MerkleTree.Root(leaves, root);
        _statement.Write(frame.First, frame.Count, frame.UnixMilliseconds, root);
        if (!Statement.Verify(_remote, _statement.Bytes, frame.Signature))
            return false;
        if (_keepEvidence)
            evidence = new BatchEvidence(_network, frame.First, frame.Count, _statement.Body, frame.Signature, leaves, _leaves.FirstSalts(frame.Count));
        _statement.Advance();
        _leaves.RemoveFirst(frame.Count);
        _first += (ulong)frame.Count;
        Verified++;
        return true;
    }

    /// <summary>The link changed: what was not verified will come again.</summary>
    internal void Forget() => _leaves.Clear();

    /// <summary>Lets the buffers go if nothing waits; they grow again by themselves.</summary>
    internal void Trim() => _leaves.Trim();

    /// <summary>Wipes the salt secret: the session is over, and nothing more is gathered or verified.</summary>
    internal void Wipe()
    {
        _leaves.Wipe();
        _hasher.Clear();
    }

    private bool IsNext(ulong number) => _leaves.Count < WireLimits.MaxBatchMessages && number == _first + (ulong)_leaves.Count;
}
