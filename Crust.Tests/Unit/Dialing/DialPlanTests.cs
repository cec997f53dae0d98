using System.Net;
using Crust.Dialing;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Dialing;

public sealed class DialPlanTests
{
    private static readonly PeerId Peer = PeerIdentity.FromSeed(new byte[32]).Id;

    [Fact]
    public void Order_AlternatesFamilies_AndBeginsWithIPv6()
    {
        var ordered = DialPlan.Order([Tcp("10.0.0.1"), Tcp("10.0.0.2"), Tcp("10.0.0.3"), Tcp("2001:db8::1"), Tcp("2001:db8::2")], loopbackAllowed: false);

        ordered.Select(a => a.EndPoint.Address.ToString()).Should().Equal("2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2", "10.0.0.3");
    }

    [Fact]
    public void Order_PutsLoopbackFirst_OrLeavesItOut()
    {
        PeerAddress[] addresses = [Tcp("10.0.0.1"), Tcp("127.0.0.1"), Tcp("::1")];

        DialPlan.Order(addresses, loopbackAllowed: true).Select(a => a.EndPoint.Address.ToString()).Should().Equal("127.0.0.1", "::1", "10.0.0.1");
        DialPlan.Order(addresses, loopbackAllowed: false).Should().ContainSingle();
    }

    [Fact]
    public void Order_LeavesOutRepeats_AndWhatMayNotBeDialled_WhateverTheTransport()
    {
        var utp = Tcp("10.0.0.9") with { Transport = TransportKind.Utp };
        var metadata = Tcp("169.254.169.254") with { Transport = TransportKind.Utp };

        DialPlan.Order([Tcp("10.0.0.1"), Tcp("10.0.0.1"), utp, utp, metadata, Tcp("255.255.255.255"), Tcp("0.0.0.0"), Tcp("ff02::1")], loopbackAllowed: true)
            .Should().Equal(Tcp("10.0.0.1"), utp);
    }

    [Fact]
    public void Order_IsEmpty_ForNothing() => DialPlan.Order([], loopbackAllowed: true).Should().BeEmpty();

    private static PeerAddress Tcp(string address) => new(TransportKind.Tcp, new IPEndPoint(IPAddress.Parse(address), 4000), Peer);
}
