namespace Crust.Session.Receiving;

/// <summary>A protocol that the remote defined on a link.</summary>
/// <param name="Name">1 to 64 printable ASCII characters.</param>
/// <param name="Bytes">The same.</param>
internal sealed record InboundProtocol(string Name, byte[] Bytes);
