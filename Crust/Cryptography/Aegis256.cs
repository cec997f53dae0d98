namespace Crust.Cryptography;

/// <summary>
/// AEGIS-256 with the 256-bit tag (draft-irtf-cfrg-aegis-aead §5) by libsodium. Key 32 bytes, nonce 32, tag 32. Fast only with AES
/// instructions: <see cref="HardwareAes"/>.
/// The tag follows the ciphertext. A destination may start where its source starts; any other overlap is a bug.
/// </summary>
internal static unsafe class Aegis256
{
    internal const int KeyLength = 32;
    internal const int NonceLength = 32;
    internal const int TagLength = 32;

    /// <summary>Encrypts into exactly <c>plaintext.Length + <see cref="TagLength"/></c> bytes. A nonce is used once with a key.</summary>
    internal static void Encrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        Lengths.Require(key, KeyLength);
        Lengths.Require(nonce, NonceLength);
        Lengths.Require(ciphertext, plaintext.Length + TagLength);
        fixed (byte* k = key, n = nonce, a = associatedData, m = plaintext, c = ciphertext)
            _ = Libsodium.Aegis256Encrypt(c, null, m, (ulong)plaintext.Length, a, (ulong)associatedData.Length, null, n, k);
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
            return Libsodium.Aegis256Decrypt(m, null, null, c, (ulong)ciphertext.Length, a, (ulong)associatedData.Length, n, k) == 0;
    }
}
