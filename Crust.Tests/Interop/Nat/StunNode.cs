using System.Net;
using Crust.Identity;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;

namespace Crust.Tests.Interop.Nat;

/// <summary>A gateway's node without its cluster, on loopback: it answers STUN on the ports that peers connect to, and on more.</summary>
internal sealed class StunNode : IAsyncDisposable
{
    private readonly CrustNode _node;

    private StunNode(CrustNode node) => _node = node;

    internal StunServerInfo Info => _node.Stun!;

    internal IPEndPoint Udp => new(Address, Info.UdpPort);

    internal IPEndPoint Tcp => new(Address, Info.TcpPort);

    internal PeerId Id => _node.Id;

    internal IPAddress Address { get; private init; } = IPAddress.Loopback;

    internal static StunNode Start(IPAddress? alternate = null)
    {
        var node = CrustNode.Bind(new CrustNodeOptions { Listen = IPAddress.Loopback, IsGateway = true, Stun = new StunServerOptions { Alternate = alternate } });
        node.Accept();
        return new StunNode(node);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
