namespace Crust.Cryptography;

/// <summary>
/// AEGIS-128L with the 256-bit tag (draft-irtf-cfrg-aegis-aead §4) by libsodium. Key 16 bytes, nonce 16, tag 32. Fast only with AES
/// instructions: <see cref="HardwareAes"/>.
/// The tag follows the ciphertext. A destination may start where its source starts; any other overlap is a bug.
/// </summary>
internal static unsafe class Aegis128L
{
    internal const int KeyLength = 16;
    internal const int NonceLength = 16;
    internal const int TagLength = 32;

    /// <summary>Encrypts into exactly <c>plaintext.Length + <see cref="TagLength"/></c> bytes. A nonce is used once with a key.</summary>
    internal static void Encrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        Lengths.Require(key, KeyLength);
        Lengths.Require(nonce, NonceLength);
        Lengths.Require(ciphertext, plaintext.Length + TagLength);
        fixed (byte* k = key, n = nonce, a = associatedData, m = plaintext, c = ciphertext)
            _ = Libsodium.Aegis128LEncrypt(c, null, m, (ulong)plaintext.Length, a, (ulong)associatedData.Length, null, n, k);
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
            return Libsodium.Aegis128LDecrypt(m, null, null, c, (ulong)ciphertext.Length, a, (ulong)associatedData.Length, n, k) == 0;
    }
}
