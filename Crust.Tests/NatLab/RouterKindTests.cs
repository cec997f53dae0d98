using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>
/// The lab's truth: every kind of router does what its name says, as plain sockets see it that know nothing of Crust. "First" is a public end point, then come
/// its other port, the other address with the same port, and the other address with the other port.
/// </summary>
public sealed class RouterKindTests
{
    private const string Independent = "independent", AddressAndPort = "address-and-port", Address = "address", Unfiltered = "independent";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<RouterKind, ProtocolType, string, string> Kinds()
    {
        var data = new TheoryData<RouterKind, ProtocolType, string, string>();
        foreach (var protocol in new[] { ProtocolType.Udp, ProtocolType.Tcp })
        {
            data.Add(RouterKind.None, protocol, "none", Unfiltered);
            data.Add(RouterKind.Firewall, protocol, "none", AddressAndPort);
            data.Add(RouterKind.FullCone, protocol, Independent, Unfiltered);
            data.Add(RouterKind.AddressRestricted, protocol, Independent, Address);
            data.Add(RouterKind.PortRestricted, protocol, Independent, AddressAndPort);
            data.Add(RouterKind.Linux, protocol, Independent, AddressAndPort);
            data.Add(RouterKind.SymmetricSequential, protocol, AddressAndPort, AddressAndPort);
            data.Add(RouterKind.Symmetric, protocol, AddressAndPort, AddressAndPort);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task ARouter_MapsAndFilters_AsItsKindSays(RouterKind kind, ProtocolType protocol, string mapping, string filtering)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(kind));
        using var servers = new ProbeServers(internet, protocol);

        var local = new IPEndPoint(site.HostAddress(), 41_000);
        var seen = await ObserveAllAsync(site, servers, local, protocol);
        seen.Should().OnlyContain(e => e.Address.Equals(site.PublicAddress));
        seen.Select(e => e.Port).Distinct().Should().HaveCount(mapping == AddressAndPort ? 4 : 1);
        if (mapping == "none")
            seen[0].Should().Be(local);
        var steps = seen.Zip(seen.Skip(1), (a, b) => b.Port - a.Port).ToArray();
        switch (kind)
        {
            case RouterKind.Linux:
                seen[0].Port.Should().Be(local.Port, "masquerade keeps a port that is free");
                break;
            case RouterKind.SymmetricSequential:
                steps.Should().Equal(1, 1, 1);
                break;
            case RouterKind.Symmetric:
                steps.Should().NotEqual([1, 1, 1]);
                break;
            case RouterKind.FullCone or RouterKind.AddressRestricted or RouterKind.PortRestricted:
                seen[0].Port.Should().BeInRange(RouterRules.FirstPort, RouterRules.LastPort, "it is not the host's");
                break;
        }

        await FiltersAsync(internet, site, protocol, filtering);
    }

    [Fact]
    public async Task TheSequentialKind_CountsAllHostsAndBothProtocolsByOneCounter()
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(RouterKind.SymmetricSequential) { Hosts = 2 });
        using var datagrams = new ProbeServers(internet, ProtocolType.Udp);
        using var connections = new ProbeServers(internet, ProtocolType.Tcp);
        List<int> ports = [];
        for (var i = 0; i < 4; i++)
        {
            var servers = i % 2 == 0 ? datagrams : connections;
            var protocol = i % 2 == 0 ? ProtocolType.Udp : ProtocolType.Tcp;
            using var client = site.Hosts[i / 2].Inside(() => ProbeServers.Open(new IPEndPoint(site.HostAddress(i / 2), 0), protocol, listens: false));
            ports.Add((await ProbeServers.ObserveAsync(client, servers[0], Cancellation)).Port);
        }

        ports.Zip(ports.Skip(1), (a, b) => b - a).Should().Equal(1, 1, 1);
    }

    [Fact]
    public async Task TheRandomKind_HasNoOrderInItsPorts()
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(RouterKind.Symmetric));
        using var servers = new ProbeServers(internet, ProtocolType.Udp);
        List<int> ports = [];
        for (var i = 0; i < 40; i++)
        {
            using var client = site.Hosts[0].Inside(() => ProbeServers.Open(new IPEndPoint(site.HostAddress(), 0), ProtocolType.Udp));
            ports.Add((await ProbeServers.ObserveAsync(client, servers[0], Cancellation)).Port);
        }

        // Each with a chance below 1 in 10^9 if ports are spread evenly.
        ports.Distinct().Should().HaveCountGreaterThan(36);
        (ports.Max() - ports.Min()).Should().BeGreaterThan(20_000);
        ports.Zip(ports.Skip(1), (a, b) => Math.Abs(b - a)).Count(step => step < 100).Should().BeLessThan(8);
    }

    [Theory]
    [InlineData(RouterKind.FullCone)]
    [InlineData(RouterKind.AddressRestricted)]
    [InlineData(RouterKind.PortRestricted)]
    public async Task ACone_GivesEachPortOfEachHostAnEndPointOfItsOwn(RouterKind kind)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(kind) { Hosts = 2 });
        using var servers = new ProbeServers(internet, ProtocolType.Udp);
        List<IPEndPoint> seen = [];
        foreach (var (host, port) in new[] { (0, 41_000), (0, 41_001), (1, 41_000), (1, 41_001) })
        {
            using var client = site.Hosts[host].Inside(() => ProbeServers.Open(new IPEndPoint(site.HostAddress(host), port), ProtocolType.Udp));
            var from = await ProbeServers.ObserveAsync(client, servers[0], Cancellation);
            (await ProbeServers.ObserveAsync(client, servers[3], Cancellation)).Should().Be(from);
            seen.Add(from);
        }

        seen.Distinct().Should().HaveCount(4);
    }

    private static async Task<List<IPEndPoint>> ObserveAllAsync(Site site, ProbeServers servers, IPEndPoint local, ProtocolType protocol)
    {
        List<IPEndPoint> seen = [];
        using var datagrams = protocol == ProtocolType.Udp ? site.Hosts[0].Inside(() => ProbeServers.Open(local, protocol)) : null;
        for (var i = 0; i < 4; i++)
        {
            // A connection from the same port to another end point is another socket.
            using var connection = datagrams is null ? site.Hosts[0].Inside(() => ProbeServers.Open(local, protocol, listens: false)) : null;
            seen.Add(await ProbeServers.ObserveAsync(datagrams ?? connection!, servers[i], Cancellation));
        }

        return seen;
    }

    /// <summary>From a port that has spoken to the first end point only: whoever else tries gets through, or the router counts a refusal.</summary>
    private static async Task FiltersAsync(Internet internet, Site site, ProtocolType protocol, string filtering)
    {
        var local = new IPEndPoint(site.HostAddress(), 42_000);
        using var servers = new ProbeServers(internet, protocol);
        using var client = site.Hosts[0].Inside(() => ProbeServers.Open(local, protocol, listens: false));
        var external = await ProbeServers.ObserveAsync(client, servers[0], Cancellation);
        using var listener = protocol == ProtocolType.Tcp ? site.Hosts[0].Inside(() => ProbeServers.Open(local, protocol)) : null;
        bool[] expected = [true, filtering is not AddressAndPort, filtering is Unfiltered, filtering is Unfiltered];
        for (var i = 1; i < 4; i++)
        {
            var refused = site.Refused();
            var passes = listener is null
                ? await PassesAsync(servers, i, client, external)
                : await ArrivesAsync(internet, servers.EndPoints[i], listener, external, () => site.Refused() > refused);
            passes.Should().Be(expected[i], $"filtering is {filtering} and {i} tries");
            if (!passes)
                await Eventually.HoldsAsync(() => site.Refused() > refused, "the router counted it");
        }
    }

    /// <summary>A datagram of this server's, and one after it of the server that is known: the line keeps their order.</summary>
    private static async Task<bool> PassesAsync(ProbeServers servers, int index, Socket client, IPEndPoint external)
    {
        servers.Say(index, $"from {index}", external);
        servers.Say(0, "over", external);
        for (var passes = false; ;)
        {
            var buffer = new byte[100];
            var received = await client.ReceiveAsync(buffer, Cancellation).AsTask().WaitAsync(Eventually.Soon, Cancellation);
            if (Encoding.UTF8.GetString(buffer, 0, received) == "over")
                return passes;
            passes = true;
        }
    }

    /// <summary>Dials from a server's end point until the listener has it or the router has refused it.</summary>
    private static async Task<bool> ArrivesAsync(Internet internet, IPEndPoint from, Socket listener, IPEndPoint external, Func<bool> isRefused)
    {
        using var dialler = internet.Namespace.Inside(() => ProbeServers.Open(from, ProtocolType.Tcp, listens: false));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var dialling = dialler.ConnectAsync(external, stop.Token).AsTask();
        await Eventually.HoldsAsync(() => dialling.IsCompletedSuccessfully || isRefused(), "it arrives or is refused");
        if (!dialling.IsCompletedSuccessfully)
        {
            await stop.CancelAsync();
            await dialling.ContinueWith(_ => { }, TaskScheduler.Default);
            return false;
        }

        using var accepted = await listener.AcceptAsync(Cancellation).AsTask().WaitAsync(Eventually.Soon, Cancellation);
        return accepted.RemoteEndPoint!.Equals(from);
    }
}
