using System.Runtime.InteropServices;
using Crust.Cryptography;

namespace Crust.Tests.Older.Grains;

/// <summary>Names one activation of a grain with soft state: whoever sees another epoch than before knows that the state was lost.</summary>
internal static class ActivationEpoch
{
    /// <summary>A random number, never 0.</summary>
    internal static ulong Draw()
    {
        var epoch = 0UL;
        while (epoch == 0)
            SecureRandom.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref epoch)));
        return epoch;
    }
}
