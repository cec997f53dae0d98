using Crust.Identity;

namespace Crust.Session;

/// <summary>Gathers the leaves of messages as they are numbered and signs them together: one signature for as many as a flush brings.</summary>
internal sealed class BatchSigner
{
    private readonly PeerIdentity _identity;
    private readonly NetworkId _network;
    private readonly BatchStatement _statement;
    private readonly LeafHasher _hasher;
    private readonly LeafList _leaves;
    private ulong _first = 1;
    private long _bytes;

    internal BatchSigner(SessionParameters parameters)
    {
        _identity = parameters.Self;
        _network = parameters.Network;
        _statement = new BatchStatement(parameters.Network, parameters.Self.Id, parameters.Remote, parameters.SessionId);
        _hasher = new LeafHasher(parameters.SaltSecret, parameters.Self.Id);
        _leaves = new LeafList(_hasher);
    }

    internal bool IsEmpty => _leaves.Count == 0;

    /// <summary>True when the batch must be signed before another message is numbered.</summary>
    internal bool IsFull => _leaves.Count == WireLimits.MaxBatchMessages || _bytes >= WireLimits.BatchBytes;

    /// <summary>Number of the last message under a signature; 0 for none.</summary>
    internal ulong SignedThrough => _first - 1;

    internal long Signed { get; private set; }

    /// <summary>Adds the message whose number follows the last one gathered.</summary>
    internal void Gather(ReadOnlySpan<byte> protocolName, ulong number, ReadOnlySpan<byte> payload)
    {
        if (number != _first + (ulong)_leaves.Count)
            throw new InvalidOperationException($"Message {number} is out of turn.");
        _leaves.Add(protocolName, number, payload);
        _bytes += payload.Length;
    }

    /// <summary>Signs everything gathered.</summary>
    internal SignedBatch Sign(ulong unixMilliseconds)
    {
        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        Span<byte> body = stackalloc byte[BatchStatement.BodyLength];
        MerkleTree.Root(_leaves.First(_leaves.Count), root);
        _statement.WriteBody(_first, _leaves.Count, unixMilliseconds, root, body);
        var batch = new SignedBatch(_first, _leaves.Count, unixMilliseconds, Statement.Sign(_identity, Statement.Batch, _network, body));
        _statement.Advance(body);
        _first += (ulong)_leaves.Count;
        _bytes = 0;
        _leaves.Clear();
        Signed++;
        return batch;
    }

    /// <summary>Wipes the salt secret: the session is over, and nothing more is gathered or signed.</summary>
    internal void Wipe()
    {
        _leaves.Wipe();
        _hasher.Clear();
    }
}
