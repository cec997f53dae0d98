using Crust.Session.Handshakes;

namespace Crust.Session.Admission;

/// <summary>What a handshake says of sessions.</summary>
/// <param name="Own">Our nonce for sessions with this peer, 16 bytes.</param>
/// <param name="KnownRemote">The peer's nonce in the open session; null without one.</param>
internal sealed record SessionNonces(SessionNonce Own, SessionNonce? KnownRemote);
