using System.Collections.Immutable;

namespace Crust.Session.Records;

/// <summary>Which suites a side offers and which one the other selects. What the processor can is <see cref="SuiteSupport"/>.</summary>
internal static class RecordSuites
{
    /// <summary>What an initiator offers, best first. AEGIS without AES instructions is slow and not constant-time everywhere: never offered then.</summary>
    /// <param name="support">What this processor can.</param>
    /// <param name="allowAegis128L">Whether the options allow the 128-bit suite; who allows it prefers it.</param>
    internal static ImmutableArray<RecordSuite> Offer(SuiteSupport support, bool allowAegis128L)
    {
        var suites = ImmutableArray.CreateBuilder<RecordSuite>();
        if (support.HasAes && allowAegis128L)
            suites.Add(RecordSuite.Aegis128L);
        if (support.HasParallelAegis)
            suites.Add(RecordSuite.Aegis256X2);
        if (support.HasAes)
            suites.Add(RecordSuite.Aegis256);
        suites.Add(RecordSuite.ChaCha20Poly1305);
        return suites.ToImmutable();
    }

    /// <summary>The initiator's first preference that this side would offer too; null when there is none.</summary>
    internal static RecordSuite? Select(ImmutableArray<RecordSuite> offered, SuiteSupport support, bool allowAegis128L)
    {
        var acceptable = Offer(support, allowAegis128L);
        foreach (var suite in offered)
        {
            if (acceptable.Contains(suite))
                return suite;
        }

        return null;
    }
}
