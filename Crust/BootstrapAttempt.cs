using Crust.Identity;

namespace Crust;

/// <summary>A gateway that a node tried to attach to, in vain.</summary>
/// <param name="Gateway">Which.</param>
/// <param name="Source">How it is known.</param>
/// <param name="Refusal">Why nothing came of it.</param>
/// <param name="Reason">The same in one line for people.</param>
/// <param name="At">When that was.</param>
public sealed record BootstrapAttempt(PeerId Gateway, BootstrapSource Source, BootstrapRefusal Refusal, string Reason, DateTimeOffset At);
