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
    /// <param name="cancellationToken">Gives it up.</param>
    internal async Task<CircuitCall> DialAsync(PeerId peer, FoundPeer found, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        var (link, failure) = await OpenAsync(peer, found, CircuitKind.Data, cancellationToken).ConfigureAwait(false);
        if (link is null)
            return new CircuitCall(null, failure);
        var over = link.RemoteEndPoint;
        var session = await adopter.InitiateAsync(
            link, peer, ConnectionPath.Relayed,
            () => string.Create(CultureInfo.InvariantCulture, $"a circuit over gateway {link.Gateway.ToShortString()} at {over} answered in {timeProvider.GetElapsedTime(start).TotalMilliseconds:0.0} ms"),
            cancellationToken).ConfigureAwait(false);
        return session is not null ? new CircuitCall(session, "") : new CircuitCall(null, WhyEnded(link)) { IsRefused = link.EndedBy == CircuitCode.Refused };
    }

    /// <summary>Makes the way to the peer's gateway, so that a circuit need not wait for it. Whether it failed shows when one is opened.</summary>
    internal async Task PrepareAsync(FoundPeer found, CancellationToken cancellationToken)
    {
        if (found.Home.Count > 0)
            await ((Task)hops.GetAsync(found.Home, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Opens a circuit; null and why, for people, when that fails.</summary>
    internal async Task<(CircuitLink? Link, string Failure)> OpenAsync(PeerId peer, FoundPeer found, CircuitKind kind, CancellationToken cancellationToken)
    {
        if (found.Home.Count == 0)
            return (null, "no gateway says that the peer is attached and takes circuits");
        try
        {
            var hop = await hops.GetAsync(found.Home, cancellationToken).ConfigureAwait(false);
            return circuits.TryOpen(hop, peer, kind, found.Token) is { } link ? (link, "") : (null, "the link to its gateway is lost, or full of circuits");
        }
        catch (ConnectException e)
        {
            return (null, $"its gateway cannot be reached: {e.Message}");
        }
    }

    /// <summary>Why nothing came of a circuit that was opened, for people.</summary>
    internal static string WhyEnded(CircuitLink link) => link.EndedBy is { } code ? CircuitReason.Of(code) : DialReason.NoAnswer;
}
