using System.Globalization;
using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.Identity;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>Makes links to peers over their gateways. Thread safe.</summary>
internal sealed class CircuitDialer(RelayHops hops, CircuitAcceptor circuits, LinkAdopter adopter, TimeProvider timeProvider)
{
    /// <summary>Opens a circuit and handshakes over it.</summary>
    /// <param name="peer">Who is called.</param>
    /// <param name="found">Where it is.</param>
    /// <param name="kind">What the circuit is for.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The session; else null and why, for people.</returns>
    internal async Task<(SessionDriver? Session, string Failure)> DialAsync(PeerId peer, FoundPeer found, CircuitKind kind, CancellationToken cancellationToken)
    {
        if (found.Home.Count == 0)
            return (null, "no gateway says that the peer is attached and takes circuits");
        var start = timeProvider.GetTimestamp();
        CircuitHop hop;
        try
        {
            hop = await hops.GetAsync(found.Home, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectException e)
        {
            return (null, $"its gateway cannot be reached: {e.Message}");
        }

        if (circuits.TryOpen(hop, peer, kind, found.Token) is not { } link)
            return (null, "the link to its gateway is lost, or full of circuits");
        var over = link.RemoteEndPoint;
        var session = await adopter.InitiateAsync(
            link, peer, ConnectionPath.Relayed,
            () => string.Create(CultureInfo.InvariantCulture, $"a circuit over gateway {hop.Remote.ToShortString()} at {over} answered in {timeProvider.GetElapsedTime(start).TotalMilliseconds:0.0} ms"),
            cancellationToken).ConfigureAwait(false);
        return session is not null ? (session, "") : (null, link.EndedBy is { } code ? CircuitReason.Of(code) : DialReason.NoAnswer);
    }
}
