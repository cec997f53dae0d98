using Crust.Cryptography;
using Crust.Identity;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// The chain of statements that one direction of a session signs. Each is a <see cref="Statement"/> with context
/// <see cref="Statement.Batch"/> and this body of 180 bytes: <c>sender (32) ‖ receiver (32) ‖ session id (32) ‖ first number u64 ‖ count u32 ‖ previous (32) ‖ unix ms u64 ‖ root (32)</c>.
/// <c>previous</c> is the hash of the whole signed bytes of the statement before, zeros for the first: no statement can be left out, and two for one
/// place prove that the sender said two things.
/// </summary>
internal sealed class BatchStatement
{
    internal const int SessionIdLength = 32;
    internal const int BodyLength =
        PeerId.ByteLength * 2 + SessionIdLength + sizeof(ulong) + sizeof(uint) + Blake3.HashLength + sizeof(ulong) + MerkleTree.HashLength;

    private readonly NetworkId _network;
    private readonly byte[] _prefix = new byte[PeerId.ByteLength * 2 + SessionIdLength];
    private readonly byte[] _previous = new byte[Blake3.HashLength];

    internal BatchStatement(NetworkId network, PeerId sender, PeerId receiver, ReadOnlySpan<byte> sessionId)
    {
        Lengths.Require(sessionId, SessionIdLength);
        _network = network;
        sender.CopyTo(_prefix);
        receiver.CopyTo(_prefix.AsSpan(PeerId.ByteLength));
        sessionId.CopyTo(_prefix.AsSpan(PeerId.ByteLength * 2));
    }

    /// <summary>Writes the body of the next statement of the chain.</summary>
    internal void WriteBody(ulong first, int count, ulong unixMilliseconds, ReadOnlySpan<byte> root, Span<byte> body)
    {
        var writer = new SpanWriter(body);
        writer.WriteBytes(_prefix);
        writer.WriteUInt64(first);
        writer.WriteUInt32((uint)count);
        writer.WriteBytes(_previous);
        writer.WriteUInt64(unixMilliseconds);
        writer.WriteBytes(root);
    }

    /// <summary>The statement with this body was signed, or verified: the next one names it.</summary>
    internal void Advance(ReadOnlySpan<byte> body) => Blake3.Hash(Statement.Bytes(Statement.Batch, _network, body), _previous);
}
