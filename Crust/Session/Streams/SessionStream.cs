using Crust.Session.Sending;

namespace Crust.Session.Streams;

/// <summary>A stream: bytes both ways in order, each way ended for itself. The handle by which a driver names it.</summary>
/// <param name="outbound">What we send.</param>
/// <param name="inbound">What we receive.</param>
/// <param name="protocol">The protocol's name.</param>
/// <param name="isOurs">True when we opened it.</param>
internal sealed class SessionStream(OutboundStream outbound, InboundStream inbound, string protocol, bool isOurs)
{
    /// <summary>The same at both ends; 0 until our opening was written.</summary>
    internal ulong Id => Outbound.Id;

    internal OutboundStream Outbound { get; } = outbound;

    internal InboundStream Inbound { get; } = inbound;

    internal string Protocol { get; } = protocol;

    internal bool IsOurs { get; } = isOurs;

    /// <summary>True once both directions have ended and the remote knows: nothing about it is left to say.</summary>
    internal bool IsOver => Inbound.IsEnded && Outbound.IsDone;

    /// <summary>The driver's own object for it.</summary>
    internal object? Tag { get; set; }
}
