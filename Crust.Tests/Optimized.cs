using System.Diagnostics;
using System.Reflection;
using Xunit;

namespace Crust.Tests;

/// <summary>Whether the library was compiled with optimizations: without them, generic vector code boxes, and a count of allocations says nothing.</summary>
internal static class Optimized
{
    /// <summary>Skips the test in a debug build.</summary>
    internal static void Require() => Assert.SkipWhen(
        typeof(CrustNode).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true },
        "Allocations are counted in an optimized build: -c Release.");
}
