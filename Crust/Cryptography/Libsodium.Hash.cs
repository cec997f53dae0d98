using System.Runtime.InteropServices;

namespace Crust.Cryptography;

/// <content>BLAKE2b, and HMAC with SHA-256.</content>
internal static unsafe partial class Libsodium
{
    /// <summary>Size of <c>crypto_generichash_blake2b_state</c>, which wants 64-byte alignment.</summary>
    internal const int Blake2bStateLength = 384;

    [LibraryImport(Library, EntryPoint = "crypto_generichash_blake2b_init")]
    internal static partial int Blake2bInit(byte* state, byte* key, nuint keyLength, nuint hashLength);

    [LibraryImport(Library, EntryPoint = "crypto_generichash_blake2b_update")]
    internal static partial int Blake2bUpdate(byte* state, byte* input, ulong inputLength);

    [LibraryImport(Library, EntryPoint = "crypto_generichash_blake2b_final")]
    internal static partial int Blake2bFinal(byte* state, byte* hash, nuint hashLength);

    /// <summary>Size of <c>crypto_auth_hmacsha256_state</c>: two SHA-256 states of 104 bytes.</summary>
    internal const int HmacSha256StateLength = 208;

    [LibraryImport(Library, EntryPoint = "crypto_auth_hmacsha256_init")]
    internal static partial int HmacSha256Init(byte* state, byte* key, nuint keyLength);

    [LibraryImport(Library, EntryPoint = "crypto_auth_hmacsha256_update")]
    internal static partial int HmacSha256Update(byte* state, byte* input, ulong inputLength);

    [LibraryImport(Library, EntryPoint = "crypto_auth_hmacsha256_final")]
    internal static partial int HmacSha256Final(byte* state, byte* mac);
}
