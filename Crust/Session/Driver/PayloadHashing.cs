using Crust.Cryptography;
using Crust.Identity.Evidence;

namespace Crust.Session.Driver;

/// <summary>
/// Hashes long payloads for the signature by the sender's own thread, before the session's lock is taken: several threads can at a time, and none waits for another's. Thread safe.
/// </summary>
/// <param name="isSigned">Whether what we send is signed.</param>
/// <param name="leavesUnsigned">Protocols whose payloads are left out.</param>
internal sealed class PayloadHashing(bool isSigned, Func<string, bool> leavesUnsigned)
{
    /// <summary>The hash of a payload that <see cref="Leaf.NeedsDigest"/>, else nothing.</summary>
    /// <param name="protocol">Of what protocol it is.</param>
    /// <param name="payload">The payload; one that no session takes is not hashed.</param>
    /// <param name="digest">At least 32 bytes, of which the result is a part.</param>
    internal Span<byte> Hash(string protocol, ReadOnlySpan<byte> payload, Span<byte> digest)
    {
        if (!isSigned || !Leaf.NeedsDigest(payload.Length) || payload.Length > WireLimits.MaxMessageLength || leavesUnsigned(protocol))
            return [];
        digest = digest[..Blake3.HashLength];
        Blake3.Hash(payload, digest);
        return digest;
    }
}
