namespace Crust.Nat.Behavior;

/// <summary>How a NAT chooses ports, judged from mappings made one after the other (RFC 4787 §4.2; prediction as in RFC 5128 §3.4 in spirit). Pure.</summary>
internal static class PortPattern
{
    /// <summary>The longest step that counts as one. Ours: NATs step by one or two; the rest is room for what others open meanwhile.</summary>
    internal const int MaxDelta = 64;

    /// <summary>Mappings that it takes. Ours: by chance, two steps of random ports look like a sequence once in 100,000 times.</summary>
    internal const int MinObservations = 3;

    /// <summary>How many steps others may have taken between two of ours.</summary>
    private const int MaxStride = 4;

    /// <summary>Judges; the delta is of sequences alone.</summary>
    internal static (PortAllocation Allocation, int? Delta) Judge(IReadOnlyList<PortObservation> observations)
    {
        if (observations.Count > 0 && observations.Count(static o => o.Local == o.Mapped) * 2 > observations.Count)
            return (PortAllocation.Preserved, null);
        if (observations.Count < MinObservations)
            return (PortAllocation.Unknown, null);
        var steps = new int[observations.Count - 1];
        for (var i = 0; i < steps.Length; i++)
            steps[i] = observations[i + 1].Mapped - observations[i].Mapped;
        // One may be off: the counter began anew at the end of its range, or somebody opened many.
        foreach (var delta in steps.Where(static s => s != 0 && Math.Abs(s) <= MaxDelta).OrderBy(Math.Abs))
        {
            var fitting = steps.Count(s => s % delta == 0 && s / delta is >= 1 and <= MaxStride);
            if (fitting >= 2 && fitting >= steps.Length - 1)
                return (PortAllocation.Sequential, delta);
        }

        return (PortAllocation.Random, null);
    }
}
