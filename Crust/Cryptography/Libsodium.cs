using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crust.Cryptography;

/// <summary>
/// The libsodium entry points that <c>Sodium.Core</c> does not offer over spans, or not at all (AEGIS, ML-KEM-768). Native sizes are the
/// caller's promise: every wrapper checks its spans before it calls in here.
/// </summary>
internal static unsafe partial class Libsodium
{
    private const string Library = "libsodium";

    /// <summary>Runs <c>sodium_init</c> once, before the first call of this assembly.</summary>
#pragma warning disable CA2255 // A module initializer is right here: no primitive may run before sodium_init.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() => Sodium.SodiumCore.Init();

    [LibraryImport(Library, EntryPoint = "crypto_sign_ed25519_seed_keypair")]
    internal static partial int SignSeedKeypair(byte* publicKey, byte* secretKey, byte* seed);

    [LibraryImport(Library, EntryPoint = "crypto_sign_ed25519_detached")]
    internal static partial int SignDetached(byte* signature, ulong* signatureLength, byte* message, ulong messageLength, byte* secretKey);

    [LibraryImport(Library, EntryPoint = "crypto_sign_ed25519_verify_detached")]
    internal static partial int SignVerifyDetached(byte* signature, byte* message, ulong messageLength, byte* publicKey);

    [LibraryImport(Library, EntryPoint = "crypto_core_ed25519_is_valid_point")]
    internal static partial int IsValidPoint(byte* point);

    [LibraryImport(Library, EntryPoint = "crypto_sign_ed25519_pk_to_curve25519")]
    internal static partial int PublicKeyToCurve25519(byte* x25519, byte* ed25519);

    [LibraryImport(Library, EntryPoint = "crypto_sign_ed25519_sk_to_curve25519")]
    internal static partial int SecretKeyToCurve25519(byte* x25519, byte* ed25519);

    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_curve25519")]
    internal static partial int ScalarMult(byte* shared, byte* scalar, byte* point);

    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_curve25519_base")]
    internal static partial int ScalarMultBase(byte* point, byte* scalar);

    [LibraryImport(Library, EntryPoint = "randombytes_buf")]
    internal static partial void RandomBytes(byte* buffer, nuint length);
}
