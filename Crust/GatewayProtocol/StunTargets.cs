using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Nat.Stun;

namespace Crust.GatewayProtocol;

/// <summary>Whom a node asks about its NATs: its gateway on every port that it told of, and other gateways on the ports that peers connect to. Pure.</summary>
internal static class StunTargets
{
    /// <summary>The servers by one protocol over one address family, the node's own gateway first; at most <see cref="NatDiscovery.MaxServers"/>.</summary>
    /// <param name="isTcp">By TCP, else UDP.</param>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="gateway">The node's gateway; null: it has none.</param>
    /// <param name="reachedAt">The address by which it is reached.</param>
    /// <param name="info">What it says of its server; null: nothing.</param>
    /// <param name="contacts">Addresses of gateways.</param>
    internal static IReadOnlyList<NatServer> For(
        bool isTcp, AddressFamily family, PeerId? gateway, IPAddress? reachedAt, StunServerInfo? info, IReadOnlyList<PeerAddress> contacts)
    {
        var kind = isTcp ? TransportKind.Tcp : TransportKind.Utp;
        var servers = new List<NatServer>();
        if (info is not null && OwnAddress() is { } address && (isTcp ? info.TcpPort : info.UdpPort) is not 0 and var port)
            servers.Add(NatServer.Of(new IPEndPoint(address, port), info, isTcp));
        // One address of each: a second one of the same gateway tells as much, but other gateways are other hosts.
        foreach (var contact in contacts.Where(c => c.Transport == kind && c.EndPoint.AddressFamily == family).DistinctBy(static c => c.Peer))
        {
            if (servers.Count < NatDiscovery.MaxServers && (contact.Peer != gateway || servers.Count == 0))
                servers.Add(new NatServer(Primitives.TransportAddress.From(contact.EndPoint)));
        }

        return servers;

        IPAddress? OwnAddress() => reachedAt?.AddressFamily == family
            ? reachedAt
            : contacts.FirstOrDefault(c => c.Peer == gateway && c.EndPoint.AddressFamily == family)?.EndPoint.Address;
    }
}
