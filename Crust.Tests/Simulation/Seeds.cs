using System.Globalization;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>Which seeds are told, as the environment says: <c>CRUST_SEEDS</c> of them from <c>CRUST_FIRST_SEED</c> on, or <c>CRUST_SEED</c> alone.</summary>
internal static class Seeds
{
    /// <summary>As many are told unless said, and by one test case at most: it must be over before it counts as hanging (<c>test.sh</c>).</summary>
    private const int PerCase = 200;

    /// <summary>The only one that is wanted; null for many.</summary>
    internal static ulong? Single => Number("CRUST_SEED");

    /// <summary>A case for every so many: the first seed, and how many.</summary>
    internal static TheoryData<ulong, int> Cases
    {
        get
        {
            if (Single is { } single)
                return new() { { single, 1 } };
            var cases = new TheoryData<ulong, int>();
            var first = First;
            for (var left = Count; left > 0; left -= PerCase, first += PerCase)
                cases.Add(first, (int)Math.Min(left, PerCase));
            return cases;
        }
    }

    /// <summary>Where to begin.</summary>
    internal static ulong First => Number("CRUST_FIRST_SEED") ?? 1;

    private static long Count => (long)(Number("CRUST_SEEDS") ?? PerCase);

    /// <summary>How many stories are told of a kind that takes longer: so many of every 200 seeds, and these at least.</summary>
    internal static int Share(int ofEach200) => (int)Math.Max(ofEach200, Count * ofEach200 / PerCase);

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : null;
}
