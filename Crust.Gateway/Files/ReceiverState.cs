namespace Crust.Gateway.Files;

/// <summary>What a receiver has of a transfer.</summary>
/// <param name="DoneRuns">Which entries are complete, as lengths of runs in manifest order: missing, done, missing, and so on. What follows the last run is missing.</param>
/// <param name="Partial">The file of which it has a part; null: none.</param>
/// <param name="Points">From where the partial file may go on, largest first.</param>
internal sealed record ReceiverState(IReadOnlyList<int> DoneRuns, int? Partial, IReadOnlyList<ResumePoint> Points)
{
    internal static ReceiverState Nothing { get; } = new([], null, []);

    /// <summary>Makes the runs of flags.</summary>
    internal static IReadOnlyList<int> Runs(IReadOnlyList<bool> done)
    {
        var runs = new List<int>();
        var last = done.Count;
        while (last > 0 && !done[last - 1])
            last--;
        var (value, length) = (false, 0);
        for (var i = 0; i < last; i++)
        {
            if (done[i] != value)
            {
                runs.Add(length);
                (value, length) = (done[i], 0);
            }

            length++;
        }

        if (length > 0)
            runs.Add(length);
        return runs;
    }

    /// <summary>Makes flags of the runs; false when they name more entries than there are.</summary>
    internal bool TryExpand(bool[] done)
    {
        var at = 0;
        for (var i = 0; i < DoneRuns.Count; i++)
        {
            if (DoneRuns[i] > done.Length - at)
                return false;
            if (i % 2 == 1)
                Array.Fill(done, true, at, DoneRuns[i]);
            at += DoneRuns[i];
        }

        return true;
    }
}
