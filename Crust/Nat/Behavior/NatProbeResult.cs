using Crust.Primitives;

namespace Crust.Nat.Behavior;

/// <summary>What came of a probe.</summary>
/// <param name="Outcome">Whether it was answered.</param>
/// <param name="Local">The socket's own address, where it is known.</param>
/// <param name="Mapped">Where the server saw it; of an answered probe for a mapping.</param>
/// <param name="Other">The server's OTHER-ADDRESS, if it told one.</param>
internal readonly record struct NatProbeResult(NatProbeOutcome Outcome, TransportAddress Local = default, TransportAddress Mapped = default, TransportAddress? Other = null);
