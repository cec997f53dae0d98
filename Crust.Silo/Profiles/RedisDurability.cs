namespace Crust.Silo.Profiles;

/// <summary>Whether a Redis server keeps what it confirmed. Pure.</summary>
internal static class RedisDurability
{
    /// <summary>What may be lost with these settings of <c>CONFIG GET</c>; null when nothing that was confirmed is.</summary>
    /// <param name="appendOnly"><c>appendonly</c>; null when the server does not tell.</param>
    /// <param name="eviction"><c>maxmemory-policy</c>; null when the server does not tell.</param>
    internal static string? Complaint(string? appendOnly, string? eviction)
    {
        var faults = new List<string>();
        if (appendOnly is not null and not "yes")
            faults.Add($"appendonly is '{appendOnly}' and must be 'yes', or a restart forgets confirmed writes");
        if (eviction is not null and not "noeviction")
            faults.Add($"maxmemory-policy is '{eviction}' and must be 'noeviction', or a full memory forgets them");
        return faults.Count == 0 ? null : string.Join("; ", faults);
    }
}
