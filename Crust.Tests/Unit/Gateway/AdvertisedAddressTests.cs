using System.Net;
using Crust.Gateway.Server;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class AdvertisedAddressTests
{
    private static readonly PeerId Gateway = PeerIdentity.FromSeed(new byte[32]).Id;

    private static readonly PeerAddress[] Listeners =
    [
        new(TransportKind.Tcp, new IPEndPoint(IPAddress.Loopback, 41), Gateway), new(TransportKind.Utp, new IPEndPoint(IPAddress.Loopback, 42), Gateway),
        new(TransportKind.Tcp, new IPEndPoint(IPAddress.IPv6Loopback, 41), Gateway), new(TransportKind.Utp, new IPEndPoint(IPAddress.IPv6Loopback, 42), Gateway),
    ];

    [Theory]
    [InlineData("192.0.2.1", "tcp://192.0.2.1:41", "utp://192.0.2.1:42")]
    [InlineData("192.0.2.1:7", "tcp://192.0.2.1:7", "utp://192.0.2.1:7")]
    [InlineData("tcp://192.0.2.1:7", "tcp://192.0.2.1:7")]
    [InlineData("utp://[2001:db8::1]:7", "utp://[2001:db8::1]:7")]
    [InlineData("2001:db8::1", "tcp://[2001:db8::1]:41", "utp://[2001:db8::1]:42")]
    public void Complete_GivesEachTransportItsPort(string text, params string[] expected) =>
        AdvertisedAddress.Parse(text)!.Complete(Listeners).Select(a => a.ToString()).Should().Equal(expected.Select(e => $"{e}/{Gateway}"));

    [Fact]
    public void Complete_LeavesOut_WhatTheGatewayDoesNotListenWith() =>
        AdvertisedAddress.Parse("utp://192.0.2.1:7")!.Complete(Listeners[..1]).Should().BeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host:1")]
    [InlineData("tcp://192.0.2.1")]
    [InlineData("utp://192.0.2.1:0")]
    [InlineData("udp://192.0.2.1:1")]
    [InlineData("192.0.2.1:65536")]
    public void Parse_RefusesAnythingElse(string text) => AdvertisedAddress.Parse(text).Should().BeNull();
}
