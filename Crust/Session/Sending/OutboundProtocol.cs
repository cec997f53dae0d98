namespace Crust.Session.Sending;

/// <summary>One protocol that we send.</summary>
/// <param name="name">Its name in ASCII.</param>
/// <param name="isUnsigned">Whether its payloads are left out of the signature.</param>
internal sealed class OutboundProtocol(byte[] name, bool isUnsigned)
{
    private readonly SendFlow?[] _flows = new SendFlow?[WireLimits.PriorityCount];

    internal byte[] Name { get; } = name;

    internal bool IsUnsigned { get; } = isUnsigned;

    /// <summary>The id on this link; 0 before it has one.</summary>
    internal ulong Id { get; set; }

    /// <summary>Its messages of a priority that wait.</summary>
    internal SendFlow Flow(byte priority) => _flows[priority] ??= new SendFlow(stream: null);
}
