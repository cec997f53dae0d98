using System.Security.Cryptography;

namespace Crust.Cryptography;

/// <summary>What every secret needs: to be wiped, and to be compared without telling where it differs.</summary>
internal static class Secrets
{
    /// <summary>Overwrites the span with zeros; the call is never optimised away.</summary>
    internal static void Zero(Span<byte> secret) => CryptographicOperations.ZeroMemory(secret);

    /// <summary>Compares in a time that depends on the lengths only.</summary>
    internal static bool FixedTimeEquals(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => CryptographicOperations.FixedTimeEquals(left, right);
}
