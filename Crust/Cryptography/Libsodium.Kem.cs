using System.Runtime.InteropServices;

namespace Crust.Cryptography;

/// <content>ML-KEM-768.</content>
internal static unsafe partial class Libsodium
{
    [LibraryImport(Library, EntryPoint = "crypto_kem_mlkem768_seed_keypair")]
    internal static partial int MlKem768SeedKeypair(byte* publicKey, byte* secretKey, byte* seed);

    [LibraryImport(Library, EntryPoint = "crypto_kem_mlkem768_enc_deterministic")]
    internal static partial int MlKem768Encapsulate(byte* ciphertext, byte* sharedSecret, byte* publicKey, byte* coins);

    [LibraryImport(Library, EntryPoint = "crypto_kem_mlkem768_dec")]
    internal static partial int MlKem768Decapsulate(byte* sharedSecret, byte* ciphertext, byte* secretKey);
}
