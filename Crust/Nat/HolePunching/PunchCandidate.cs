using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>An address at which a peer may be reached (RFC 8445 §4).</summary>
/// <param name="Kind">How it was found.</param>
/// <param name="Address">IP address and port.</param>
internal readonly record struct PunchCandidate(CandidateKind Kind, TransportAddress Address);
