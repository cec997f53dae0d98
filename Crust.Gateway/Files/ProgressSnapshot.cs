namespace Crust.Gateway.Files;

/// <summary>How far a transfer is.</summary>
/// <param name="Bytes">What is there of all files.</param>
/// <param name="Total">What all files have.</param>
/// <param name="File">Which file is under way, from 1.</param>
/// <param name="Files">How many files there are.</param>
/// <param name="Rate">Bytes a second.</param>
/// <param name="Remaining">How long it will take; null: nobody can tell.</param>
/// <param name="Path">The connection's path; empty while there is none.</param>
/// <param name="Note">What happens besides: <c>reconnecting</c>, <c>checking</c>; empty: nothing.</param>
internal sealed record ProgressSnapshot(long Bytes, long Total, int File, int Files, double Rate, TimeSpan? Remaining, string Path, string Note)
{
    /// <summary>0 to 100; 100 only when all is there.</summary>
    internal int Percent => Total == 0 ? (File >= Files ? 100 : 0) : (int)(Bytes / (double)Total * 100);
}
