using System.Net;
using System.Net.Sockets;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Nat.Stun;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.GatewayProtocol;

public sealed class StunTargetsTests
{
    private static readonly PeerId Ours = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)1, 32)]).Id;
    private static readonly PeerId Other = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)2, 32)]).Id;
    private static readonly StunServerInfo Info = new(10, 11, 20, 21, IPAddress.Parse("198.51.100.2"));
    private static readonly IPAddress At = IPAddress.Parse("198.51.100.1");

    [Fact]
    public void OurGateway_IsAskedOnAllItsEndPoints_FirstOfAll()
    {
        var servers = StunTargets.For(isTcp: false, AddressFamily.InterNetwork, Ours, At, Info, [Address(TransportKind.Utp, "198.51.100.9:7", Other)]);
        servers[0].EndPoints.Select(e => e.ToString()).Should().Equal("198.51.100.1:10", "198.51.100.1:11", "198.51.100.2:10", "198.51.100.2:11");
        servers[1].EndPoints.Select(e => e.ToString()).Should().Equal("198.51.100.9:7");
        StunTargets.For(isTcp: true, AddressFamily.InterNetwork, Ours, At, Info, [])[0]
            .EndPoints.Select(e => e.ToString()).Should().Equal("198.51.100.1:20", "198.51.100.1:21", "198.51.100.2:20", "198.51.100.2:21");
    }

    [Fact]
    public void TheOtherFamily_IsAskedAtTheAddressThatTheGatewayIsKnownBy()
    {
        var contacts = new[] { Address(TransportKind.Tcp, "[2001:db8::1]:20", Ours) };
        var servers = StunTargets.For(isTcp: false, AddressFamily.InterNetworkV6, Ours, At, Info, contacts);
        servers.Should().ContainSingle();
        servers[0].EndPoints.Select(e => e.ToString()).Should().Equal("[2001:db8::1]:10", "[2001:db8::1]:11");
        StunTargets.For(isTcp: false, AddressFamily.InterNetworkV6, Ours, At, Info, []).Should().BeEmpty();
    }

    [Fact]
    public void AGatewayThatTellsNothing_IsAskedWherePeersConnect()
    {
        var servers = StunTargets.For(isTcp: false, AddressFamily.InterNetwork, Ours, At, null, [Address(TransportKind.Utp, "198.51.100.1:7", Ours)]);
        servers.Should().ContainSingle();
        servers[0].EndPoints.Select(e => e.ToString()).Should().Equal("198.51.100.1:7");
    }

    [Fact]
    public void AProtocolThatItDoesNotHave_IsNotAsked() =>
        StunTargets.For(isTcp: true, AddressFamily.InterNetwork, Ours, At, Info with { TcpPort = 0, OtherTcpPort = 0 }, []).Should().BeEmpty();

    [Fact]
    public void WhatAServerSaysOfItself_IsReadAgain_AndNonsenseIsNot()
    {
        StunServers.From(StunServers.ToMessage(Info)).Should().Be(Info);
        StunServers.From(StunServers.ToMessage(Info with { Alternate = null })).Should().Be(Info with { Alternate = null });
        StunServers.From(new StunServer { UdpPort = 65536 }).Should().BeNull();
        StunServers.From(new StunServer { Alternate = "here" }).Should().BeNull();
    }

    private static PeerAddress Address(TransportKind kind, string endPoint, PeerId peer) => new(kind, IPEndPoint.Parse(endPoint), peer);
}
