using System.Runtime.CompilerServices;
using Crust.Cryptography;

namespace Crust.Session;

/// <summary>A statement as it was signed, kept to be resent byte for byte: the one object that a batch leaves behind.</summary>
internal sealed class SignedBatch
{
    private readonly SignatureBytes _signature;

    /// <param name="first">Number of its first leaf.</param>
    /// <param name="count">How many leaves it covers.</param>
    /// <param name="unixMilliseconds">When it was signed.</param>
    /// <param name="signature">64 bytes, copied.</param>
    internal SignedBatch(ulong first, int count, ulong unixMilliseconds, ReadOnlySpan<byte> signature)
    {
        Lengths.Require(signature, Ed25519.SignatureLength);
        (First, Count, UnixMilliseconds) = (first, count, unixMilliseconds);
        signature.CopyTo(_signature);
    }

    /// <summary>Number of its first leaf.</summary>
    internal ulong First { get; }

    /// <summary>How many leaves it covers.</summary>
    internal int Count { get; }

    /// <summary>When it was signed.</summary>
    internal ulong UnixMilliseconds { get; }

    /// <summary>64 bytes.</summary>
    internal ReadOnlySpan<byte> Signature => _signature;

    /// <summary>Number of its last leaf.</summary>
    internal ulong Last => First + (ulong)Count - 1;

    [InlineArray(Ed25519.SignatureLength)]
    private struct SignatureBytes
    {
        private byte _first;
    }
}
