using Crust.Cryptography;

namespace Crust.Session.Records;

/// <summary>What a processor can of the suites beyond the one that every peer has.</summary>
/// <param name="HasAes">Whether it has AES instructions.</param>
/// <param name="HasParallelAegis">Whether it has those that <see cref="Aegis256X2"/> needs.</param>
internal readonly record struct SuiteSupport(bool HasAes, bool HasParallelAegis)
{
    /// <summary>This processor.</summary>
    internal static SuiteSupport Here => new(HardwareAes.IsSupported, Aegis256X2.IsSupported);
}
