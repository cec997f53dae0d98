using System.Net;

namespace Crust.Nat.Stun.Driver;

/// <summary>What a STUN server has besides the port that µTP uses.</summary>
internal sealed record StunServerOptions
{
    /// <summary>The second port, UDP and TCP. Default 0: a random one.</summary>
    internal int OtherPort { get; init; }

    /// <summary>The second address (RFC 5780 §6), another one of this host, of the family that is listened on. Default none.</summary>
    internal IPAddress? Alternate { get; init; }
}
