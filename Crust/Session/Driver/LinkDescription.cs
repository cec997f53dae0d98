using System.Net;
using Crust.Session.Circuits.Driver;
using Crust.Transport;

namespace Crust.Session.Driver;

/// <summary>What a session tells of the link that carries it, or carried it last.</summary>
/// <param name="Path">Its way.</param>
/// <param name="Reason">Why it is that link, one line for people.</param>
/// <param name="LocalEndPoint">Our end.</param>
/// <param name="RemoteEndPoint">The other end.</param>
/// <param name="IsOurs">True when it was begun by us.</param>
internal sealed record LinkDescription(ConnectionPath Path, string Reason, IPEndPoint? LocalEndPoint, IPEndPoint? RemoteEndPoint, bool IsOurs)
{
    /// <summary>The session with the gateway that the link rides on, if it is a circuit.</summary>
    internal SessionDriver? Hop { get; init; }

    internal static readonly LinkDescription None = new(default, "", null, null, false);

    /// <param name="link">The link.</param>
    /// <param name="cause">Why the session moved to it; null for its first.</param>
    internal static LinkDescription Of(SecureLink link, string? cause) => new(
        link.Path, cause is null ? link.Why : $"{cause}; {link.Why}",
        link.Pipe.Link.LocalEndPoint as IPEndPoint, link.Pipe.Link.RemoteEndPoint as IPEndPoint, link.Result.IsInitiator)
    {
        Hop = (link.Pipe.Link as CircuitLink)?.Hop,
    };
}
