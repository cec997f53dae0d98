namespace Crust;

/// <summary>A message that a connection could not bring to its end.</summary>
/// <param name="Protocol">The protocol it names.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="OutcomeUnknown">True when the peer may have received it; false when it cannot have.</param>
public sealed record UndeliveredPeerMessage(string Protocol, ReadOnlyMemory<byte> Payload, bool OutcomeUnknown);
