using Xunit;

namespace Crust.Tests;

/// <summary>Tests that count what the process allocates, or what lies in its pools, and those that need a machine of their own: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    internal const string Name = "alone";
}
