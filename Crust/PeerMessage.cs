namespace Crust;

/// <summary>
/// A message as it arrives at a handler: whole, in order within its protocol, once.
/// </summary>
/// <param name="Connection">The connection it came over, and over which to answer.</param>
/// <param name="Protocol">The protocol it names.</param>
/// <param name="Payload">Its bytes, 0 to 2 MiB; the handler may keep them.</param>
/// <param name="Number">Its number in the session, from 1, counted by the sender.</param>
/// <param name="IsSigned">True when the sender's signature over it was verified.</param>
public sealed record PeerMessage(PeerConnection Connection, string Protocol, ReadOnlyMemory<byte> Payload, ulong Number, bool IsSigned);
