using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// How long two peers look for a direct path that take no other: until their time is over, or until a turn of each found that their NATs keep them apart. Pure; one thread at a time.
/// </summary>
/// <param name="now">When it begins.</param>
/// <param name="longest">How long it lasts; <see cref="Longest"/> at most.</param>
internal sealed class DirectPatience(Instant now, TimeSpan longest)
{
    /// <summary>How long is looked at most. Ours: what a spray may take, which is the longest way to a direct path.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Turns in a row that found the pair hopeless. Ours: one of each side, since either may have known too little of its NAT at first.</summary>
    internal const int HopelessTurns = 2;

    private int _hopeless;

    /// <summary>When it is over at the latest.</summary>
    internal Instant End { get; } = now + (longest < Longest ? longest : Longest);

    /// <summary>What became of the last turn; null before the first has ended.</summary>
    internal PunchFailure? Last { get; private set; }

    /// <summary>True when both sides found that nothing will come of it.</summary>
    internal bool IsHopeless => _hopeless >= HopelessTurns;

    /// <summary>A turn came to nothing, ours or theirs.</summary>
    internal void HandleFailure(PunchFailure failure)
    {
        Last = failure;
        _hopeless = failure == PunchFailure.HardPair ? _hopeless + 1 : 0;
    }

    /// <summary>Whether it is over.</summary>
    internal bool IsOver(Instant now) => IsHopeless || now >= End;

    /// <summary>Why there is no direct path, for people.</summary>
    internal string Explain() => IsHopeless ? "the NATs on both sides choose ports that cannot be guessed"
        : Last is { } failure ? $"the last attempt ended with {failure}"
        : "no attempt came to its end";
}
