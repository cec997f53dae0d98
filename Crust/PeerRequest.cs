namespace Crust;

/// <summary>A request as it arrives at a handler: whole.</summary>
/// <param name="Connection">The connection it came over.</param>
/// <param name="Protocol">The protocol it names.</param>
/// <param name="Payload">Its bytes, 0 to 2 MiB; the handler may keep them.</param>
/// <param name="IsSigned">True when the sender's signature over it was verified.</param>
public sealed record PeerRequest(PeerConnection Connection, string Protocol, ReadOnlyMemory<byte> Payload, bool IsSigned);
