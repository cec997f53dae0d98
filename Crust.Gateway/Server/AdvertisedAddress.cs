using System.Net;
using Crust.Identity;

namespace Crust.Gateway.Server;

/// <summary>
/// What an operator wants peers to be told: <c>IP</c> (with the ports that the gateway listens on), <c>IP:PORT</c> (that port, for TCP and for µTP),
/// <c>tcp://IP:PORT</c> or <c>utp://IP:PORT</c> (for that transport alone: where something before the gateway gives them different ports).
/// </summary>
/// <param name="EndPoint">The address; port 0 stands for the listener's.</param>
/// <param name="Transport">The transport that it is for; null: each that the gateway listens with.</param>
internal sealed record AdvertisedAddress(IPEndPoint EndPoint, TransportKind? Transport = null)
{
    /// <summary>Reads one; null for anything else.</summary>
    internal static AdvertisedAddress? Parse(string text)
    {
        foreach (var (scheme, transport) in new[] { ("tcp://", TransportKind.Tcp), ("utp://", TransportKind.Utp) })
        {
            if (text.StartsWith(scheme, StringComparison.Ordinal))
                return IPEndPoint.TryParse(text.AsSpan(scheme.Length), out var exact) && exact.Port != 0 ? new AdvertisedAddress(exact, transport) : null;
        }

        return IPAddress.TryParse(text, out var address) ? new AdvertisedAddress(new IPEndPoint(address, 0))
            : IPEndPoint.TryParse(text, out var endPoint) ? new AdvertisedAddress(endPoint) : null;
    }

    /// <summary>The addresses that it stands for, given those of the listeners.</summary>
    internal IEnumerable<PeerAddress> Complete(IReadOnlyList<PeerAddress> listeners) =>
        from listener in EndPoint.Port == 0 ? listeners.DistinctBy(l => (l.Transport, l.EndPoint.Port)) : listeners.DistinctBy(l => l.Transport)
        where Transport is null || Transport == listener.Transport
        select listener with { EndPoint = EndPoint.Port == 0 ? new IPEndPoint(EndPoint.Address, listener.EndPoint.Port) : EndPoint };
}
