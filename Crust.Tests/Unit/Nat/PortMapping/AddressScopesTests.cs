using System.Net;
using Crust.Nat.PortMapping;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.PortMapping;

public sealed class AddressScopesTests
{
    [Theory]
    [InlineData("8.8.8.8", "Public")]
    [InlineData("203.0.113.1", "Public")]
    [InlineData("172.32.0.1", "Public")]
    [InlineData("100.128.0.1", "Public")]
    [InlineData("2001:db8::1", "Public")]
    [InlineData("2606:4700::1", "Public")]
    [InlineData("0.0.0.0", "Unspecified")]
    [InlineData("0.1.2.3", "Unspecified")]
    [InlineData("::", "Unspecified")]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.255.0.1", "Loopback")]
    [InlineData("::1", "Loopback")]
    [InlineData("10.0.0.1", "Private")]
    [InlineData("172.16.0.1", "Private")]
    [InlineData("172.31.255.255", "Private")]
    [InlineData("192.168.255.1", "Private")]
    [InlineData("fd00::1", "Private")]
    [InlineData("fec0::1", "Private")]
    [InlineData("100.64.0.1", "CarrierNat")]
    [InlineData("100.127.255.255", "CarrierNat")]
    [InlineData("169.254.169.254", "LinkLocal")]
    [InlineData("fe80::1", "LinkLocal")]
    [InlineData("224.0.0.1", "Reserved")]
    [InlineData("255.255.255.255", "Reserved")]
    [InlineData("240.0.0.1", "Reserved")]
    [InlineData("198.18.0.1", "Reserved")]
    [InlineData("192.0.0.9", "Reserved")]
    [InlineData("ff02::1", "Reserved")]
    [InlineData("4000::1", "Reserved")]
    // Other spellings of what is inside.
    [InlineData("::ffff:10.0.0.1", "Private")]
    [InlineData("::ffff:127.0.0.1", "Loopback")]
    [InlineData("64:ff9b::10.0.0.1", "Private")]
    [InlineData("64:ff9b::8.8.8.8", "Public")]
    [InlineData("2002:7f00:1::1", "Loopback")]
    [InlineData("2002:a00:1::1", "Private")]
    [InlineData("::10.0.0.1", "Reserved")]
    public void AnAddress_HasItsScope(string address, string expected) => AddressScopes.Of(IPAddress.Parse(address)).ToString().Should().Be(expected);
}
