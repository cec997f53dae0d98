namespace Crust.Tests.Simulation.Nat;

/// <summary>How a <see cref="SimulatedNat"/> behaves beside its kind.</summary>
internal sealed record NatOptions
{
    /// <summary>Whether hosts behind it reach each other by their external addresses (RFC 4787 §6).</summary>
    internal bool Hairpins { get; init; }

    /// <summary>How long a mapping lives after the last packet from inside (RFC 4787 REQ-5: two minutes and up).</summary>
    internal TimeSpan MappingLife { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>From one port to the next, of a NAT that counts.</summary>
    internal int Delta { get; init; } = 1;

    /// <summary>Whether a SYN that comes unasked is answered by RST (RFC 5382 REQ-4 forbids that).</summary>
    internal bool ResetsUnasked { get; init; }

    /// <summary>Whether what comes unasked is taken for a connection with the router (Linux without a rule that drops it).</summary>
    internal bool TakesUnasked { get; init; }
}
