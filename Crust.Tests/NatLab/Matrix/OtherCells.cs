using FluentAssertions;
using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>What is not a pair of homes: carriers, one home, IPv6, networks that let little out, routers that can be asked.</summary>
[Trait("speed", "slow")]
public sealed class OtherCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    private const string Table = "other";

    [Fact]
    public Task OnlyTcp443_OnBothSides() => MeetAsync(Home(Restriction.OnlyTcp443), Home(Restriction.OnlyTcp443), "only TCP 443", "only TCP 443", Relayed);

    [Fact]
    public Task OnlyTcp443_MeetsAFullCone() => MeetAsync(Home(Restriction.OnlyTcp443), new SiteOptions(FullCone), "only TCP 443", "full-cone", Relayed);

    [Fact]
    public Task OneCarrier_WithHairpin() => BehindOneCarrierAsync(hairpin: true, Direct);

    [Fact]
    public Task OneCarrier_WithoutHairpin() => BehindOneCarrierAsync(hairpin: false, Relayed);

    [Fact]
    public Task OneHome_WithHairpin() => InOneHomeAsync(new SiteOptions(FullCone) { Hosts = 2, Hairpin = true });

    [Fact]
    public Task OneHome_WithoutHairpin() => InOneHomeAsync(new SiteOptions(PortRestricted) { Hosts = 2 });

    [Fact]
    public async Task CarrierOverHome_MeetsAPortRestrictedHome()
    {
        await ReadyAsync();
        await PassesAsync(async () =>
        {
            using var carrier = new Site(Internet, new SiteOptions(FullCone) { Hosts = 0 });
            using var here = new Site(carrier, new SiteOptions(PortRestricted));
            using var there = new Site(Internet, new SiteOptions(PortRestricted));
            await MeetAsync(here.Hosts[0], there.Hosts[0], Table, "carrier over home", "port-restricted", Direct);
        });
    }

    /// <summary>A router that answers an early SYN with a reset must not defeat simultaneous open: the reset costs that try.</summary>
    [Fact]
    public Task RoutersThatReset_BehindCones() => ResetAsync(PortRestricted);

    [Fact]
    public Task RoutersThatReset_BehindFirewalls() => ResetAsync(Firewall);

    [Fact]
    public Task RoutersThatReset_BehindLinux() => ResetAsync(Linux);

    [Fact]
    public Task Ipv6_ThroughTwoFirewalls_ByUtp() => MeetAsync(
        new SiteOptions(Firewall) { Ipv4 = false, Ipv6 = true, Restriction = Restriction.TcpBlocked }, new SiteOptions(Firewall) { Ipv4 = false, Ipv6 = true, Restriction = Restriction.TcpBlocked },
        "IPv6 firewall, no TCP", "IPv6 firewall, no TCP", DirectByUtp);

    [Fact]
    public Task Ipv6_ThroughTwoFirewalls_ByTcp() => MeetAsync(
        new SiteOptions(Firewall) { Ipv4 = false, Ipv6 = true, Restriction = Restriction.UdpBlocked }, new SiteOptions(Firewall) { Ipv4 = false, Ipv6 = true, Restriction = Restriction.UdpBlocked },
        "IPv6 firewall, no UDP", "IPv6 firewall, no UDP", DirectByTcp);

    [Fact]
    public async Task AMappedPort_OfASymmetricSite_IsUsedAndGivenBack()
    {
        await ReadyAsync();
        Lab.Require("miniupnpd");
        await PassesAsync(async () =>
        {
            using var here = new Site(Internet, new SiteOptions(Symmetric));
            using var there = new Site(Internet, new SiteOptions(Symmetric) { PortMapping = true });
            await MeetAsync(here.Hosts[0], there.Hosts[0], Table, "symmetric", "symmetric with miniupnpd", Mapped, async () =>
            {
                await Eventually.HoldsAsync(() => Miniupnpd.Mappings(there).Count == 0, "the router has no mapping any more");
                here.Restricted().Should().Be(0);
            });
        });
    }

    private static SiteOptions Home(Restriction restriction) => new(PortRestricted) { Restriction = restriction };

    private async Task MeetAsync(SiteOptions first, SiteOptions second, string firstName, string secondName, Expected expected)
    {
        await ReadyAsync();
        await PassesAsync(async () =>
        {
            using var here = new Site(Internet, first);
            using var there = new Site(Internet, second);
            await MeetAsync(here.Hosts[0], there.Hosts[0], Table, firstName, secondName, expected);
        });
    }

    private async Task ResetAsync(RouterKind kind)
    {
        await ReadyAsync();
        await PassesAsync(async () =>
        {
            var home = new SiteOptions(kind) { Restriction = Restriction.UdpBlocked, Resets = true };
            using var here = new Site(Internet, home);
            using var there = new Site(Internet, home);
            await MeetAsync(here.Hosts[0], there.Hosts[0], Table, $"{Name(kind)} that resets, no UDP", $"{Name(kind)} that resets, no UDP", DirectByTcp);
            // Otherwise nothing was shown: somebody was too early, at a router that says so.
            (here.Refused() + there.Refused()).Should().BePositive();
        });
    }

    private async Task BehindOneCarrierAsync(bool hairpin, Expected expected)
    {
        await ReadyAsync();
        await PassesAsync(async () =>
        {
            using var carrier = new Site(Internet, new SiteOptions(FullCone) { Hosts = 0, Hairpin = hairpin });
            using var here = new Site(carrier, new SiteOptions(PortRestricted));
            using var there = new Site(carrier, new SiteOptions(PortRestricted));
            await MeetAsync(here.Hosts[0], there.Hosts[0], Table, "one carrier", hairpin ? "with hairpin" : "without hairpin", expected);
        });
    }

    private async Task InOneHomeAsync(SiteOptions home)
    {
        await ReadyAsync();
        await PassesAsync(async () =>
        {
            using var site = new Site(Internet, home);
            await MeetAsync(site.Hosts[0], site.Hosts[1], Table, "one home", home.Hairpin ? "with hairpin" : "without hairpin", Direct);
        });
    }
}
