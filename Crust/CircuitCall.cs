using Crust.Session.Driver;

namespace Crust;

/// <summary>What became of calling a peer over its gateway.</summary>
/// <param name="Session">The session; null when none came of it.</param>
/// <param name="Failure">Why not, for people.</param>
internal sealed record CircuitCall(SessionDriver? Session, string Failure)
{
    /// <summary>True when the peer itself does not want such a circuit.</summary>
    internal bool IsRefused { get; init; }
}
