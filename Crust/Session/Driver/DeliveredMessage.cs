using Crust.Identity.Evidence;

namespace Crust.Session.Driver;

/// <summary>A verified message, or a datagram, on its way to a handler. The payload is the session's memory: valid until the handler has ended.</summary>
internal readonly record struct DeliveredMessage(
    SessionDriver Session, string Protocol, ReadOnlyMemory<byte> Payload, ulong Number, bool IsSigned, BatchEvidence? Evidence);
