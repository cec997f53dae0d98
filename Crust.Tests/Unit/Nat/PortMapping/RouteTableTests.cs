using System.Net;
using Crust.Nat.PortMapping;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.PortMapping;

public sealed class RouteTableTests
{
    private const string Header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    [Fact]
    public void TheDefaultRouteOfTheLowestMetric_IsFound() => RouteTable.FindIPv4(
            Header
            + "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
            + "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
            + "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n")
        .Should().Be(new DefaultRoute(IPAddress.Parse("192.168.0.1"), "eth0", 100));

    [Theory]
    [InlineData("")]
    [InlineData(Header)]
    [InlineData(Header + "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n")] // on link: there is no router to ask
    [InlineData(Header + "eth0\t00000000\t0100A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n")] // down
    [InlineData(Header + "eth0\t00000000\tnonsense\t0003\t0\t0\t100\t00000000\t0\t0\t0\n")]
    [InlineData(Header + "eth0\t00000000\n")]
    public void AnythingElse_IsNoRouter(string table) => RouteTable.FindIPv4(table).Should().BeNull();

    [Fact]
    public void TheRouterOfIPv6_IsFound() => RouteTable.FindIPv6(
            "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
            + "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n"
            + "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n")
        .Should().Be(new DefaultRoute(IPAddress.Parse("fe80::1"), "eth0", 0x400));
}
