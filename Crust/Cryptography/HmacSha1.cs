using System.Security.Cryptography;

namespace Crust.Cryptography;

/// <summary>
/// HMAC (RFC 2104) with SHA-1 (output 20 bytes), by .NET. For STUN's MESSAGE-INTEGRITY (RFC 8489 §14.5), which older servers and clients use;
/// nothing of Crust's own relies on it. Allocates.
/// </summary>
internal static class HmacSha1
{
    internal const int HashLength = 20;

    /// <summary>Writes the MAC of <c>first ‖ second</c>. The key may have any length.</summary>
    internal static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> mac)
    {
        Lengths.Require(mac, HashLength);
#pragma warning disable CA5350 // The specification names SHA-1.
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, key);
#pragma warning restore CA5350
        hmac.AppendData(first);
        hmac.AppendData(second);
        hmac.GetHashAndReset(mac);
    }
}
