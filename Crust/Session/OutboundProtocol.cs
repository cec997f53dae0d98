namespace Crust.Session;

/// <summary>One protocol that we send.</summary>
/// <param name="name">Its name in ASCII.</param>
internal sealed class OutboundProtocol(byte[] name)
{
    internal byte[] Name { get; } = name;

    /// <summary>The id on this link; 0 before it has one.</summary>
    internal ulong Id { get; set; }
}
