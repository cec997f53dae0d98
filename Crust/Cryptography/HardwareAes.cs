using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace Crust.Cryptography;

/// <summary>Whether this processor has the instructions with which libsodium's AEGIS is fast: AES-NI with AVX, or the Armv8 ones.</summary>
internal static class HardwareAes
{
    internal static bool IsSupported => (Aes.IsSupported && Avx.IsSupported) || Arm.Aes.IsSupported;
}
