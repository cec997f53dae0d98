namespace Crust.Session.Driver;

/// <summary>How a node holds its sessions.</summary>
/// <param name="MaxSessions">Most peers at a time.</param>
/// <param name="Limits">Bounds of each session.</param>
/// <param name="LeavesUnsigned">Protocols whose payloads are left out of our signatures.</param>
internal sealed record SessionTerms(int MaxSessions, SessionLimits Limits, Func<string, bool> LeavesUnsigned);
