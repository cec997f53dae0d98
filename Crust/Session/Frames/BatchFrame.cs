using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// The signature over messages written before: <c>0x03 ‖ first number varint ‖ count varint ‖ unix ms u64 ‖ signature (64)</c>. What is signed is
/// <see cref="BatchStatement"/>.
/// </summary>
internal readonly ref struct BatchFrame(ulong first, int count, ulong unixMilliseconds, ReadOnlySpan<byte> signature)
{
    /// <summary>Longest encoding.</summary>
    internal const int MaxLength = 1 + 8 + 2 + 8 + Ed25519.SignatureLength;

    internal ulong First { get; } = first;

    /// <summary>1 to <see cref="WireLimits.MaxBatchMessages"/> once read.</summary>
    internal int Count { get; } = count;

    internal ulong UnixMilliseconds { get; } = unixMilliseconds;

    internal ReadOnlySpan<byte> Signature { get; } = signature;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Batch);
        writer.WriteVarInt(First);
        writer.WriteVarInt((ulong)Count);
        writer.WriteUInt64(UnixMilliseconds);
        writer.WriteBytes(Signature);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out BatchFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var first)
            || first == 0
            || !reader.TryReadVarInt(out var count)
            || count is 0 or > WireLimits.MaxBatchMessages
            || !reader.TryReadUInt64(out var unixMilliseconds)
            || !reader.TryReadBytes(Ed25519.SignatureLength, out var signature))
            return false;
        frame = new BatchFrame(first, (int)count, unixMilliseconds, signature);
        return true;
    }
}
