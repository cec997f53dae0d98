namespace Crust.Client.Membership;

/// <summary>The names of the profiles: where a cluster keeps its state and the list of its silos. Nothing of one mixes with another.</summary>
internal static class ClusterProfile
{
    /// <summary>One silo, its data in a folder.</summary>
    internal const string Embedded = "embedded";

    /// <summary>Several silos; grain state and membership in Azure Tables.</summary>
    internal const string Azure = "azure";

    /// <summary>Several silos; grain state and membership in Redis.</summary>
    internal const string Redis = "redis";

    /// <summary>All names, as messages tell them.</summary>
    internal static readonly string[] Names = [Embedded, Azure, Redis];

    /// <summary>What is wrong with a name; null when it is one.</summary>
    internal static string? Complaint(string name) =>
        Names.Contains(name, StringComparer.Ordinal) ? null : $"There is no profile '{name}': use {Embedded}, {Azure} or {Redis}.";
}
