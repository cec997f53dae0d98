namespace Crust.Cryptography;

/// <summary>HMAC (RFC 2104) with SHA-256 (RFC 6234; output 32 bytes), by libsodium. For STUN's MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6). Does not allocate.</summary>
internal static unsafe class HmacSha256
{
    internal const int HashLength = 32;

    /// <summary>Writes the MAC of <c>first ‖ second</c>. The key may have any length.</summary>
    internal static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> mac)
    {
        Lengths.Require(mac, HashLength);
        Span<ulong> state = stackalloc ulong[Libsodium.HmacSha256StateLength / sizeof(ulong)];
        fixed (ulong* words = state)
        fixed (byte* k = key, f = first, s = second, m = mac)
        {
            var context = (byte*)words;
            _ = Libsodium.HmacSha256Init(context, k, (nuint)key.Length);
            _ = Libsodium.HmacSha256Update(context, f, (ulong)first.Length);
            _ = Libsodium.HmacSha256Update(context, s, (ulong)second.Length);
            _ = Libsodium.HmacSha256Final(context, m);
        }

        Secrets.Zero(System.Runtime.InteropServices.MemoryMarshal.AsBytes(state));
    }
}
