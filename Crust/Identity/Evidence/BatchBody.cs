using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity.Evidence;

/// <summary>
/// The body of the <see cref="Statement"/> with context <see cref="Statement.Batch"/> that signs a batch, 180 bytes:
/// <c>sender (32) ‖ receiver (32) ‖ session id (32) ‖ first number u64 ‖ count u32 ‖ previous (32) ‖ unix ms u64 ‖ root (32)</c>. <c>previous</c> is the
/// hash of the whole signed bytes of the statement before, zeros for the first of a direction.
/// </summary>
internal readonly ref struct BatchBody
{
    internal const int SessionIdLength = 32;
    internal const int Length =
        PeerId.ByteLength * 2 + SessionIdLength + sizeof(ulong) + sizeof(uint) + Blake3.HashLength + sizeof(ulong) + MerkleTree.HashLength;

    internal required PeerId Sender { get; init; }

    internal required PeerId Receiver { get; init; }

    /// <summary>32 bytes.</summary>
    internal required ReadOnlySpan<byte> SessionId { get; init; }

    /// <summary>Number of the batch's first leaf.</summary>
    internal required ulong First { get; init; }

    /// <summary>How many leaves the batch has: their numbers follow one another.</summary>
    internal required int Count { get; init; }

    /// <summary>32 bytes.</summary>
    internal required ReadOnlySpan<byte> Previous { get; init; }

    /// <summary>When the sender says that it signed.</summary>
    internal required ulong UnixMilliseconds { get; init; }

    /// <summary>32 bytes: <see cref="MerkleTree"/>.</summary>
    internal required ReadOnlySpan<byte> Root { get; init; }

    /// <summary>Writes the 180 bytes.</summary>
    internal void Write(Span<byte> body)
    {
        Lengths.Require(SessionId, SessionIdLength);
        Lengths.Require(Previous, Blake3.HashLength);
        Lengths.Require(Root, MerkleTree.HashLength);
        var writer = new SpanWriter(body[..Length]);
        Sender.CopyTo(writer.Reserve(PeerId.ByteLength));
        Receiver.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteBytes(SessionId);
        writer.WriteUInt64(First);
        writer.WriteUInt32((uint)Count);
        writer.WriteBytes(Previous);
        writer.WriteUInt64(UnixMilliseconds);
        writer.WriteBytes(Root);
    }

    /// <summary>Reads 180 bytes that this program wrote, or that a key signed and nobody changed since: the ids are not checked again.</summary>
    internal static BatchBody Read(ReadOnlySpan<byte> body)
    {
        Lengths.Require(body, Length);
        var reader = new SpanReader(body);
        _ = reader.TryReadBytes(PeerId.ByteLength, out var sender);
        _ = reader.TryReadBytes(PeerId.ByteLength, out var receiver);
        _ = reader.TryReadBytes(SessionIdLength, out var sessionId);
        _ = reader.TryReadUInt64(out var first);
        _ = reader.TryReadUInt32(out var count);
        _ = reader.TryReadBytes(Blake3.HashLength, out var previous);
        _ = reader.TryReadUInt64(out var unixMilliseconds);
        return new BatchBody
        {
            Sender = PeerId.FromTrustedBytes(sender),
            Receiver = PeerId.FromTrustedBytes(receiver),
            SessionId = sessionId,
            First = first,
            Count = (int)count,
            Previous = previous,
            UnixMilliseconds = unixMilliseconds,
            Root = reader.Rest,
        };
    }
}
