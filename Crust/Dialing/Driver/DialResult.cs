using Crust.Identity;
using Crust.Session.Driver;

namespace Crust.Dialing.Driver;

/// <summary>What became of dialling a peer.</summary>
/// <param name="Session">The session, or null.</param>
/// <param name="Reached">True when some address answered at all.</param>
/// <param name="Failures">Why each other address failed.</param>
internal sealed record DialResult(SessionDriver? Session, bool Reached, IReadOnlyList<(PeerAddress Address, string Reason)> Failures)
{
    /// <summary>The failures as one line for a person.</summary>
    internal string Explain() => Failures.Count == 0 ? "no address was tried" : string.Join("; ", Failures.Select(f => $"{DialReason.Name(f.Address)}: {f.Reason}"));
}
