using System.Net;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab;

/// <summary><c>crust doctor</c> on a host behind each kind of router: what it says is what <see cref="RouterKindTests"/> proves of the router.</summary>
[Trait("speed", "slow")]
public sealed class DoctorTests(DoctorLab lab, ITestOutputHelper output) : IClassFixture<DoctorLab>
{
    private const string Independent = "endpoint-independent", AddressDependent = "address-dependent", AddressAndPort = "address-and-port-dependent";

    [Fact]
    public Task Doctor_AgreesWith_None() => Cell(None, "none", "none", "preserved");

    [Fact]
    public Task Doctor_AgreesWith_Firewall() => Cell(Firewall, "none", AddressAndPort, "preserved");

    /// <summary>The lab's cones draw a port for each of the host's.</summary>
    [Fact]
    public Task Doctor_AgreesWith_FullCone() => Cell(FullCone, Independent, Independent, "random");

    [Fact]
    public Task Doctor_AgreesWith_AddressRestricted() => Cell(AddressRestricted, Independent, AddressDependent, "random");

    [Fact]
    public Task Doctor_AgreesWith_PortRestricted() => Cell(PortRestricted, Independent, AddressAndPort, "random");

    [Fact]
    public Task Doctor_AgreesWith_Linux() => Cell(Linux, Independent, AddressAndPort, "preserved");

    [Fact]
    public Task Doctor_AgreesWith_SymmetricSequential() => Cell(SymmetricSequential, AddressAndPort, AddressAndPort, "sequential", delta: 1);

    [Fact]
    public Task Doctor_AgreesWith_Symmetric() => Cell(Symmetric, AddressAndPort, AddressAndPort, "random");

    [Fact]
    public async Task Doctor_KnowsHairpin()
    {
        await ReadyAsync();
        foreach (var hairpin in new[] { true, false })
        {
            using var site = new Site(lab.Internet, new SiteOptions(FullCone) { Hairpin = hairpin });
            Find(await ExamineAsync(site), "udp", "ipv4").Body.GetProperty("hairpin").GetBoolean().Should().Be(hairpin);
        }
    }

    [Fact]
    public async Task Doctor_TellsWhichProtocolIsBlocked()
    {
        await ReadyAsync();
        using var withoutUdp = new Site(lab.Internet, new SiteOptions(PortRestricted) { Restriction = Restriction.UdpBlocked });
        var events = await ExamineAsync(withoutUdp);
        Find(events, "udp", "ipv4").Text("mapping").Should().Be("blocked");
        Find(events, "tcp", "ipv4").Text("mapping").Should().Be(Independent);
        using var withoutTcp = new Site(lab.Internet, new SiteOptions(PortRestricted) { Restriction = Restriction.TcpBlocked });
        events = await ExamineAsync(withoutTcp);
        Find(events, "tcp", "ipv4").Text("mapping").Should().Be("blocked");
        Find(events, "udp", "ipv4").Text("mapping").Should().Be(Independent);
        using var shut = new Site(lab.Internet, new SiteOptions(PortRestricted) { Restriction = Restriction.OnlyTcp443 });
        var (code, told, story) = await lab.DoctorAsync(shut.Hosts[0]);
        code.Should().Be(1, story);
        told.Where(e => e.Name == "reach").Select(e => e.Text("answer")).Should().NotBeEmpty().And.OnlyContain(answer => answer == "silence" || answer == "no-route", story);
        told[^1].Text("why").Should().Contain("TCP or UDP");
    }

    [Fact]
    public async Task Doctor_LooksAtIPv6()
    {
        await ReadyAsync();
        foreach (var (kind, filtering) in new[] { (None, "none"), (Firewall, AddressAndPort) })
        {
            using var site = new Site(lab.Internet, new SiteOptions(kind) { Ipv6 = true, Ipv4 = false });
            var events = await ExamineAsync(site);
            foreach (var protocol in new[] { "udp", "tcp" })
            {
                var found = Find(events, protocol, "ipv6");
                found.Text("mapping").Should().Be("none");
                found.Text("filtering").Should().Be(filtering);
                Find(events, protocol, "ipv4").Text("mapping").Should().Be("unknown");
            }
        }
    }

    private async Task Cell(RouterKind kind, string mapping, string filtering, string ports, int? delta = null)
    {
        await ReadyAsync();
        using var site = new Site(lab.Internet, new SiteOptions(kind));
        var events = await ExamineAsync(site);
        foreach (var protocol in new[] { "udp", "tcp" })
        {
            var found = Find(events, protocol, "ipv4");
            found.Text("mapping").Should().Be(mapping, protocol);
            found.Text("filtering").Should().Be(filtering, protocol);
            found.Text("ports").Should().Be(ports, protocol);
            if (delta is { } step)
                found.Number("delta").Should().Be(step);
            found.Body.GetProperty("external").EnumerateArray().Select(e => IPEndPoint.Parse(e.GetString()!).Address)
                .Should().NotBeEmpty().And.OnlyContain(a => a.Equals(site.PublicAddress));
        }
    }

    private async Task ReadyAsync()
    {
        Lab.Require("nft");
        await lab.StartedAsync();
    }

    private async Task<IReadOnlyList<ProcessEvent>> ExamineAsync(Site site)
    {
        var (code, events, story) = await lab.DoctorAsync(site.Hosts[0]);
        output.WriteLine(story);
        code.Should().Be(0, story);
        return events;
    }

    private static ProcessEvent Find(IReadOnlyList<ProcessEvent> events, string protocol, string family) =>
        events.Single(e => e.Name == "nat" && e.Text("protocol") == protocol && e.Text("family") == family);
}
