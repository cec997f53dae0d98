using Crust.Identity;

namespace Crust.Session;

/// <summary>Holds the leaves of messages that arrived whole, until a statement over them verifies under the remote's key.</summary>
internal sealed class BatchVerifier
{
    private readonly PeerId _remote;
    private readonly NetworkId _network;
    private readonly BatchStatement _statement;
    private readonly LeafHasher _hasher;
    private readonly LeafList _leaves;

    internal BatchVerifier(SessionParameters parameters)
    {
        _remote = parameters.Remote;
        _network = parameters.Network;
        _statement = new BatchStatement(parameters.Network, parameters.Remote, parameters.Self.Id, parameters.SessionId);
        _hasher = new LeafHasher(parameters.SaltSecret, parameters.Remote);
        _leaves = new LeafList(_hasher);
    }

    /// <summary>Messages that wait for their statement.</summary>
    internal int Count => _leaves.Count;

    internal long Verified { get; private set; }

    /// <summary>Adds the next message; false when more wait than one statement may cover.</summary>
    internal bool TryGather(ReadOnlySpan<byte> protocolName, ulong number, ReadOnlySpan<byte> payload)
    {
        if (_leaves.Count == WireLimits.MaxBatchMessages)
            return false;
        _leaves.Add(protocolName, number, payload);
        return true;
    }

    /// <summary>Checks a statement over the first messages that wait, and releases them. False leaves everything as it was.</summary>
    internal bool TryVerify(in BatchFrame frame)
    {
        if (frame.Count > _leaves.Count)
            return false;
        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        Span<byte> body = stackalloc byte[BatchStatement.BodyLength];
        MerkleTree.Root(_leaves.First(frame.Count), root);
        _statement.WriteBody(frame.First, frame.Count, frame.UnixMilliseconds, root, body);
        if (!Statement.Verify(_remote, Statement.Batch, _network, body, frame.Signature))
            return false;
        _statement.Advance(body);
        _leaves.RemoveFirst(frame.Count);
        Verified++;
        return true;
    }

    /// <summary>The link changed: what was not verified will come again.</summary>
    internal void Forget() => _leaves.Clear();

    /// <summary>Wipes the salt secret: the session is over, and nothing more is gathered or verified.</summary>
    internal void Wipe()
    {
        _leaves.Wipe();
        _hasher.Clear();
    }
}
