using System.Net;
using System.Net.Sockets;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Server;

/// <summary>Which other gateway dials a peer: a dial proves most from where the peer has not sent anything to. Pure.</summary>
internal static class DialBackChoice
{
    /// <summary>One of the gateways that will do, by lot; null: there is none.</summary>
    /// <param name="gateways">The directory.</param>
    /// <param name="self">The gateway that was asked.</param>
    /// <param name="family">The family of the address to dial: it must have one of these itself.</param>
    /// <param name="known">IPs of the asked gateway, and those that the peer has sent to.</param>
    /// <param name="random">Draws a number below its argument.</param>
    internal static PeerId? Choose(IEnumerable<GatewayEntry> gateways, PeerId self, AddressFamily family, IReadOnlySet<IPAddress> known, Func<int, int> random)
    {
        var fit = new List<PeerId>();
        foreach (var entry in gateways)
        {
            if (entry.Gateway == self || entry.Heartbeat.Draining)
                continue;
            var ips = new List<IPAddress>();
            foreach (var text in entry.Heartbeat.Addresses)
            {
                if (PeerAddress.TryParse(text, out var address))
                    ips.Add(DialBackPolicy.Plain(address.EndPoint.Address));
            }

            if (ips.Exists(ip => ip.AddressFamily == family) && !ips.Exists(known.Contains))
                fit.Add(entry.Gateway);
        }

        return fit.Count == 0 ? null : fit[random(fit.Count)];
    }
}
