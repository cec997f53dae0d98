using System.Net;
using Crust.Gateway.Server;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class DialBackPolicyTests
{
    private static readonly IPAddress Own = IPAddress.Parse("198.51.100.1"), Observed = IPAddress.Parse("203.0.113.7");

    private readonly DialBackPolicy _policy = new([IPNetwork.Parse("203.0.113.128/25"), IPNetwork.Parse("2001:db8:1::/48")], () => [Own], onLoopback: false);

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    public void TheAddressThatIsSeen_IsDialled(string address, string observed) => _policy.MayDial(IPAddress.Parse(address), IPAddress.Parse(observed)).Should().BeTrue();

    [Fact]
    public void AVictim_IsNot()
    {
        _policy.MayDial(IPAddress.Parse("203.0.113.8"), Observed).Should().BeFalse();
        _policy.MayDial(Observed, null).Should().BeFalse("over a circuit nobody sees it");
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.9.9")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.251")]
    [InlineData("255.255.255.255")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("203.0.113.200")] // the cluster's
    [InlineData("2001:db8:1::5")]
    [InlineData("198.51.100.1")] // the gateway's own
    [InlineData("::ffff:198.51.100.1")]
    public void WhatIsInside_IsNeverDialled_ThoughTheSessionComesFromThere(string address)
    {
        _policy.MayDial(IPAddress.Parse(address), IPAddress.Parse(address)).Should().BeFalse();
        _policy.MayDial(IPAddress.Parse(address)).Should().BeFalse("another gateway's word does not help");
    }

    [Fact]
    public void Loopback_IsDialled_WhereTheGatewayItselfIsThere()
    {
        var policy = new DialBackPolicy([], () => [IPAddress.Loopback], onLoopback: true);

        policy.MayDial(IPAddress.Loopback, IPAddress.Loopback).Should().BeTrue();
        policy.MayDial(IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.1")).Should().BeFalse();
    }
}
