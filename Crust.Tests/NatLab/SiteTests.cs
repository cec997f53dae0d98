using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>The rest of the lab's truth: what sites let out, carriers over homes, hairpin, IPv6, port mapping, as plain sockets see it.</summary>
public sealed class SiteTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Restriction.UdpBlocked, false, true, true)]
    [InlineData(Restriction.TcpBlocked, true, false, false)]
    [InlineData(Restriction.OnlyTcp443, false, false, true)]
    [InlineData(Restriction.Nothing, true, true, true)]
    public async Task ASite_LetsOut_WhatItsRestrictionSays(Restriction restriction, bool udp, bool tcp, bool tcp443)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(RouterKind.PortRestricted) { Restriction = restriction });
        foreach (var (protocol, port, expected) in new[] { (ProtocolType.Udp, 0, udp), (ProtocolType.Udp, 443, udp), (ProtocolType.Tcp, 0, tcp), (ProtocolType.Tcp, 443, tcp443) })
        {
            using var server = internet.Namespace.Inside(() => ProbeServers.Open(new IPEndPoint(Internet.First, port), protocol));
            using var client = site.Hosts[0].Inside(() => ProbeServers.Open(new IPEndPoint(site.HostAddress(), 0), protocol, listens: false));
            var before = site.Restricted();
            var observing = ProbeServers.ObserveAsync(client, server, Cancellation);
            await Eventually.HoldsAsync(() => observing.IsCompletedSuccessfully || site.Restricted() > before, "it passes or is stopped");
            observing.IsCompletedSuccessfully.Should().Be(expected, $"{protocol} to {server.LocalEndPoint}");
            client.Dispose();
            server.Dispose();
            await observing.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HomesBehindOneCarrier_MeetByItsHairpin_OrNotAtAll(bool hairpin)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var carrier = new Site(internet, new SiteOptions(RouterKind.FullCone) { Hosts = 0, Hairpin = hairpin });
        using var first = new Site(carrier, new SiteOptions(RouterKind.PortRestricted));
        using var second = new Site(carrier, new SiteOptions(RouterKind.PortRestricted));
        using var servers = new ProbeServers(internet, ProtocolType.Udp);
        using var here = Open(first.Hosts[0], first.HostAddress());
        using var there = Open(second.Hosts[0], second.HostAddress());
        var seenHere = await ProbeServers.ObserveAsync(here, servers[0], Cancellation);
        var seenThere = await ProbeServers.ObserveAsync(there, servers[0], Cancellation);
        seenHere.Address.Should().Be(carrier.PublicAddress).And.Be(seenThere.Address);

        // The home of the other lets in only what it has asked for: the first datagram opens the way for the second.
        Say(here, "hello", seenThere);
        await Eventually.HoldsAsync(() => (hairpin ? second : carrier).Refused() == 1, "the first is refused");
        Say(there, "hello yourself", seenHere);
        if (hairpin)
            (await HearAsync(here)).Should().Be(("hello yourself", seenThere), "hairpin shows the external source (RFC 4787 REQ-9)");
        else
            await Eventually.HoldsAsync(() => carrier.Refused() == 2, "the carrier turns nothing round");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HostsOfOneHome_SeeEachOther_AndByHairpinTheirExternalEndPoints(bool hairpin)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var home = new Site(internet, new SiteOptions(RouterKind.FullCone) { Hosts = 2, Hairpin = hairpin });
        using var servers = new ProbeServers(internet, ProtocolType.Udp);
        using var first = Open(home.Hosts[0], home.HostAddress(0));
        using var second = Open(home.Hosts[1], home.HostAddress(1));
        var seenFirst = await ProbeServers.ObserveAsync(first, servers[0], Cancellation);
        var seenSecond = await ProbeServers.ObserveAsync(second, servers[0], Cancellation);

        Say(first, "inside", (IPEndPoint)second.LocalEndPoint!);
        (await HearAsync(second)).Should().Be(("inside", (IPEndPoint)first.LocalEndPoint!));
        Say(first, "outside", seenSecond);
        if (hairpin)
            (await HearAsync(second)).Should().Be(("outside", seenFirst));
        else
            await Eventually.HoldsAsync(() => home.Refused() == 1, "the home turns nothing round");
    }

    [Fact]
    public async Task HomesAreNumberedAlike_SoThatAnotherSitesPrivateAddressIsAStranger()
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var first = new Site(internet, new SiteOptions(RouterKind.Linux));
        using var second = new Site(internet, new SiteOptions(RouterKind.Linux));
        first.HostAddress().Should().Be(second.HostAddress());
        first.PublicAddress.Should().NotBe(second.PublicAddress);
        using var socket = Open(first.Hosts[0], first.HostAddress());
        Say(socket, "who is it?", (IPEndPoint)socket.LocalEndPoint!);
        (await HearAsync(socket)).From.Should().Be((IPEndPoint)socket.LocalEndPoint!);
    }

    [Theory]
    [InlineData(RouterKind.Firewall, false)]
    [InlineData(RouterKind.None, true)]
    public async Task Ipv6_IsPublic_AndBehindAStatefulFirewall(RouterKind kind, bool open)
    {
        Lab.Require("nft");
        using var internet = new Internet();
        using var first = new Site(internet, new SiteOptions(kind) { Ipv4 = false, Ipv6 = true });
        using var second = new Site(internet, new SiteOptions(kind) { Ipv4 = false, Ipv6 = true });
        using var here = Open(first.Hosts[0], first.HostAddress6());
        using var there = Open(second.Hosts[0], second.HostAddress6());

        Say(here, "one", (IPEndPoint)there.LocalEndPoint!);
        if (open)
            (await HearAsync(there)).Should().Be(("one", (IPEndPoint)here.LocalEndPoint!));
        else
            await Eventually.HoldsAsync(() => second.Refused() == 1, "the other's firewall refuses it");
        Say(there, "two", (IPEndPoint)here.LocalEndPoint!);
        (await HearAsync(here)).Should().Be(("two", (IPEndPoint)there.LocalEndPoint!));
    }

    [Fact]
    public async Task ARouterWithMiniupnpd_MapsAPort_AndAnswersASearch()
    {
        Lab.Require("nft", "miniupnpd");
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(RouterKind.Symmetric) { PortMapping = true });
        using var stranger = Open(internet.Namespace, Internet.First);
        using var client = Open(site.Hosts[0], site.HostAddress());
        using var asker = Open(site.Hosts[0], site.HostAddress());
        var port = ((IPEndPoint)client.LocalEndPoint!).Port;

        // NAT-PMP (RFC 6886 §3.3): map UDP, that port to any, for a minute.
        byte[] request = [0, 1, 0, 0, (byte)(port >> 8), (byte)(port & 0xff), 0, 0, 0, 0, 0, 60];
        var answer = await AskAsync(asker, request, new IPEndPoint(IPAddress.Parse("192.168.1.1"), 5351));
        answer[..4].Should().Equal(0, 129, 0, 0);
        var external = new IPEndPoint(site.PublicAddress, (answer[10] << 8) | answer[11]);
        Miniupnpd.Mappings(site).Should().ContainSingle();
        Say(stranger, "from outside", external);
        (await HearAsync(client)).Should().Be(("from outside", (IPEndPoint)stranger.LocalEndPoint!));

        var search = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"u8.ToArray();
        Encoding.ASCII.GetString(await AskAsync(asker, search, new IPEndPoint(IPAddress.Parse("239.255.255.250"), 1900))).Should().Contain("192.168.1.1");
    }

    private static Socket Open(NetworkNamespace host, IPAddress address) => host.Inside(() => ProbeServers.Open(new IPEndPoint(address, 0), ProtocolType.Udp));

    private static void Say(Socket from, string what, IPEndPoint to) => from.SendTo(Encoding.UTF8.GetBytes(what), to);

    private static async Task<(string What, IPEndPoint From)> HearAsync(Socket socket)
    {
        var buffer = new byte[2000];
        var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), Cancellation)
            .AsTask().WaitAsync(Eventually.Soon, Cancellation);
        return (Encoding.UTF8.GetString(buffer, 0, received.ReceivedBytes), (IPEndPoint)received.RemoteEndPoint);
    }

    /// <summary>Asks until it is answered: the daemon may not listen yet.</summary>
    private static async Task<byte[]> AskAsync(Socket socket, byte[] request, IPEndPoint to)
    {
        await Eventually.HoldsAsync(
            () =>
            {
                if (socket.Available > 0)
                    return true;
                try
                {
                    socket.SendTo(request, to);
                    return socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead);
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            "it answers");
        var buffer = new byte[2000];
        return buffer[..await socket.ReceiveAsync(buffer, Cancellation)];
    }
}
