namespace Crust.Cryptography;

/// <summary>
/// ChaCha20-Poly1305 with the 96-bit nonce (RFC 8439 §2.8) by libsodium. Key 32 bytes, nonce 12, tag 16.
/// The tag follows the ciphertext. A destination may start where its source starts; any other overlap is a bug.
/// </summary>
internal static unsafe class ChaCha20Poly1305
{
    internal const int KeyLength = 32;
    internal const int NonceLength = 12;
    internal const int TagLength = 16;

    /// <summary>Encrypts into exactly <c>plaintext.Length + <see cref="TagLength"/></c> bytes. A nonce is used once with a key.</summary>
    internal static void Encrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        Lengths.Require(key, KeyLength);
        Lengths.Require(nonce, NonceLength);
        Lengths.Require(ciphertext, plaintext.Length + TagLength);
        fixed (byte* k = key, n = nonce, a = associatedData, m = plaintext, c = ciphertext)
            _ = Libsodium.ChaCha20Poly1305Encrypt(c, null, m, (ulong)plaintext.Length, a, (ulong)associatedData.Length, null, n, k);
    }

    /// <summary>Decrypts into exactly <c>ciphertext.Length − <see cref="TagLength"/></c> bytes.</summary>
    /// <returns>False when it is shorter than a tag or not authentic; the plaintext then holds nothing of use.</returns>
    internal static bool TryDecrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        Lengths.Require(key, KeyLength);
        Lengths.Require(nonce, NonceLength);
        if (ciphertext.Length < TagLength)
            return false;
        Lengths.Require(plaintext, ciphertext.Length - TagLength);
        fixed (byte* k = key, n = nonce, a = associatedData, c = ciphertext, m = plaintext)
            return Libsodium.ChaCha20Poly1305Decrypt(m, null, null, c, (ulong)ciphertext.Length, a, (ulong)associatedData.Length, n, k) == 0;
    }
}
