using Crust.Session.Circuits.Driver;

namespace Crust.Session.Driver;

/// <summary>How a node holds its sessions.</summary>
/// <param name="MaxSessions">Most peers at a time.</param>
/// <param name="Limits">Bounds of each session.</param>
/// <param name="LeavesUnsigned">Protocols whose payloads are left out of our signatures.</param>
internal sealed record SessionTerms(int MaxSessions, SessionLimits Limits, Func<string, bool> LeavesUnsigned)
{
    /// <summary>Who takes the circuits that remotes open, in a gateway: there from the session's first record on. Null elsewhere.</summary>
    internal ICircuitHost? CircuitHost { get; init; }
}
