namespace Crust.Nat.HolePunching;

/// <summary>What one side tells the other of itself before a punch: where it may be reached, and what its NAT does.</summary>
/// <param name="Candidates">At most <see cref="MaxCandidates"/>; predicted ones in the order in which the NAT will give them.</param>
/// <param name="Ports">What can be said of the next mapping.</param>
/// <param name="FiltersPorts">Whether only the ports that were sent to may send in; true also when that is not known.</param>
internal sealed record PunchDescription(IReadOnlyList<PunchCandidate> Candidates, PortPredictability Ports, bool FiltersPorts)
{
    /// <summary>Most candidates of a side. DESIGN's: more would let a peer make us knock at many doors.</summary>
    internal const int MaxCandidates = 16;
}
