namespace Crust.Tests.Simulation;

/// <summary>What the applications of all nodes have agreed on.</summary>
internal static class Applications
{
    /// <summary>Nobody takes its messages.</summary>
    internal const string Refused = "sim/refused";

    /// <summary>Left out of signatures.</summary>
    private const string Open = "sim/open";

    internal static readonly string[] Protocols = ["sim/a", "sim/b", "sim/c", Open, Refused];

    internal static bool LeavesUnsigned(string protocol) => protocol == Open;
}
