using System.Collections.Immutable;

namespace Crust.Session.Records;

/// <summary>Which suites a side offers and which one the other selects. Whether the processor has AES is <c>HardwareAes.IsSupported</c>.</summary>
internal static class RecordSuites
{
    /// <summary>What an initiator offers, best first. AEGIS without AES instructions is slow and not constant-time everywhere: never offered then.</summary>
    /// <param name="hasHardwareAes">Whether this processor has AES instructions.</param>
    /// <param name="allowAegis128L">Whether the options allow the 128-bit suite; who allows it prefers it.</param>
    internal static ImmutableArray<RecordSuite> Offer(bool hasHardwareAes, bool allowAegis128L) => (hasHardwareAes, allowAegis128L) switch
    {
        (true, true) => [RecordSuite.Aegis128L, RecordSuite.Aegis256, RecordSuite.ChaCha20Poly1305],
        (true, false) => [RecordSuite.Aegis256, RecordSuite.ChaCha20Poly1305],
        _ => [RecordSuite.ChaCha20Poly1305],
    };

    /// <summary>The initiator's first preference that this side would offer too; null when there is none.</summary>
    internal static RecordSuite? Select(ImmutableArray<RecordSuite> offered, bool hasHardwareAes, bool allowAegis128L)
    {
        var acceptable = Offer(hasHardwareAes, allowAegis128L);
        foreach (var suite in offered)
        {
            if (acceptable.Contains(suite))
                return suite;
        }

        return null;
    }
}
