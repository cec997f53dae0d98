using System.Net;
using Crust.Dialing;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Dialing;

public sealed class AddressPolicyTests
{
    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("192.168.1.2")]
    [InlineData("10.0.0.1")]
    [InlineData("223.255.255.254")]
    [InlineData("2001:db8::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:203.0.113.7")]
    public void MayDial_Unicast(string address) => AddressPolicy.MayDial(IPAddress.Parse(address), loopbackAllowed: false).Should().BeTrue();

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::ffff:255.255.255.255")]
    [InlineData("ff02::1")]
    // Cloud metadata, and whatever else shares the link: it used to be dialled at a stranger's word.
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("fe80::1")]
    public void MayDial_Never(string address) => AddressPolicy.MayDial(IPAddress.Parse(address), loopbackAllowed: true).Should().BeFalse();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.9")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:127.8.0.1")]
    public void MayDial_Loopback_OnlyWhereItIsAllowed(string address)
    {
        AddressPolicy.MayDial(IPAddress.Parse(address), loopbackAllowed: true).Should().BeTrue();
        AddressPolicy.MayDial(IPAddress.Parse(address), loopbackAllowed: false).Should().BeFalse();
    }
}
