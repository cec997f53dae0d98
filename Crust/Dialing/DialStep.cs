namespace Crust.Dialing;

/// <summary>Something that a <see cref="DialRace"/> wants done.</summary>
/// <param name="Kind">What.</param>
/// <param name="Candidate">For which candidate: its place in the list that the race began with.</param>
internal readonly record struct DialStep(DialStepKind Kind, int Candidate);
