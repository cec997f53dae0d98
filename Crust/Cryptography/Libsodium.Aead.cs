using System.Runtime.InteropServices;

namespace Crust.Cryptography;

/// <content>Authenticated encryption. A destination may start where its source starts; any other overlap is undefined.</content>
internal static unsafe partial class Libsodium
{
    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_encrypt")]
    internal static partial int ChaCha20Poly1305Encrypt(
        byte* ciphertext, ulong* ciphertextLength, byte* message, ulong messageLength, byte* data, ulong dataLength, byte* secretNonce, byte* nonce, byte* key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_decrypt")]
    internal static partial int ChaCha20Poly1305Decrypt(
        byte* message, ulong* messageLength, byte* secretNonce, byte* ciphertext, ulong ciphertextLength, byte* data, ulong dataLength, byte* nonce, byte* key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_encrypt")]
    internal static partial int Aegis256Encrypt(
        byte* ciphertext, ulong* ciphertextLength, byte* message, ulong messageLength, byte* data, ulong dataLength, byte* secretNonce, byte* nonce, byte* key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_decrypt")]
    internal static partial int Aegis256Decrypt(
        byte* message, ulong* messageLength, byte* secretNonce, byte* ciphertext, ulong ciphertextLength, byte* data, ulong dataLength, byte* nonce, byte* key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis128l_encrypt")]
    internal static partial int Aegis128LEncrypt(
        byte* ciphertext, ulong* ciphertextLength, byte* message, ulong messageLength, byte* data, ulong dataLength, byte* secretNonce, byte* nonce, byte* key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis128l_decrypt")]
    internal static partial int Aegis128LDecrypt(
        byte* message, ulong* messageLength, byte* secretNonce, byte* ciphertext, ulong ciphertextLength, byte* data, ulong dataLength, byte* nonce, byte* key);
}
