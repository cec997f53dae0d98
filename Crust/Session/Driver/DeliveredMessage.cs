namespace Crust.Session.Driver;

/// <summary>A verified message on its way to a handler.</summary>
internal sealed record DeliveredMessage(SessionDriver Session, string Protocol, ReadOnlyMemory<byte> Payload, ulong Number, bool IsSigned);
