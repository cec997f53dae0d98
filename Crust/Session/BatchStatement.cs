using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;

namespace Crust.Session;

/// <summary>
/// The chain of statements that one direction of a session signs: a <see cref="Statement"/> with context <see cref="Statement.Batch"/> and the body that
/// <see cref="BatchBody"/> lays out, each with the hash of the one before. No statement can be left out, and two for one place prove that the sender said
/// two things. The bytes stand in one buffer, made once.
/// </summary>
internal sealed class BatchStatement
{
    private static readonly int HeadLength = Statement.HeadLength(Statement.Batch);

    private readonly byte[] _bytes = new byte[HeadLength + BatchBody.Length];
    private readonly byte[] _previous = new byte[Blake3.HashLength];
    private readonly byte[] _sessionId = new byte[BatchBody.SessionIdLength];
    private readonly PeerId _sender;
    private readonly PeerId _receiver;

    internal BatchStatement(NetworkId network, PeerId sender, PeerId receiver, ReadOnlySpan<byte> sessionId)
    {
        Lengths.Require(sessionId, BatchBody.SessionIdLength);
        Statement.WriteHead(Statement.Batch, network, _bytes);
        sessionId.CopyTo(_sessionId);
        (_sender, _receiver) = (sender, receiver);
    }

    /// <summary>The bytes that are signed, as the last <see cref="Write"/> left them.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The body among them.</summary>
    internal ReadOnlySpan<byte> Body => _bytes.AsSpan(HeadLength);

    /// <summary>Writes what may become the next statement of the chain.</summary>
    internal void Write(ulong first, int count, ulong unixMilliseconds, ReadOnlySpan<byte> root) => new BatchBody
    {
        Sender = _sender,
        Receiver = _receiver,
        SessionId = _sessionId,
        First = first,
        Count = count,
        Previous = _previous,
        UnixMilliseconds = unixMilliseconds,
        Root = root,
    }.Write(_bytes.AsSpan(HeadLength));

    /// <summary>The statement written last was signed, or verified: the next one names it.</summary>
    internal void Advance() => Blake3.Hash(_bytes, _previous);
}
