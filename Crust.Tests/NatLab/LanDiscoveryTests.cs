using System.Net;
using System.Net.Sockets;
using Crust.Discovery.Lan.Driver;
using Crust.Identity;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>Two hosts on one cable, without any gateway: they find each other by multicast, over IPv4 and over IPv6 link-local addresses alone.</summary>
public sealed class LanDiscoveryTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Ping = ["--count", "2", "--interval", "0", "--json"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<NetworkNamespace> _hosts = [];

    public void Dispose()
    {
        _hosts.ForEach(h => h.Dispose());
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoNodes_FindAndReachEachOther_WithoutAGateway(bool isIPv6)
    {
        var (first, second) = Lan(isIPv6);
        await using var node = Node(first);
        var peer = (await node.EventAsync("ready")).Text("peer");

        await using var ping = CrustProcess.CrustThrough(_folder, On(second), ["ping", peer, "--lan", .. Ping]);

        var connected = await ping.EventAsync("connected");
        await ping.EventAsync("summary", e => e.Number("received") == 2);
        output.WriteLine($"connected: {connected.Text("why")}");
        connected.Text("why").Should().Contain(isIPv6 ? "[fe80::" : "10.77.0.1:");
    }

    [Fact]
    public async Task ANode_WhoseGatewayIsAway_IsFoundAllTheSame()
    {
        // Used to end: a gateway that was named, or remembered, had to answer.
        var (first, second) = Lan(isIPv6: false);
        using var nobody = PeerIdentity.Create();
        await using var node = Node(first, "--bootstrap", $"tcp://10.77.0.2:1/{nobody.Id}");
        var ready = await node.EventAsync("ready");

        await using var ping = CrustProcess.CrustThrough(_folder, On(second), ["ping", ready.Text("peer"), "--lan", .. Ping]);

        await ping.EventAsync("summary", e => e.Number("received") == 2);
    }

    [Fact]
    public async Task AnotherNetwork_OrNobody_IsNotFound_AndThatIsToldSoon()
    {
        var (first, second) = Lan(isIPv6: false);
        await using var node = Node(first, "--network", "other");
        var peer = (await node.EventAsync("ready")).Text("peer");
        var start = TimeProvider.System.GetTimestamp();

        await using var ping = CrustProcess.CrustThrough(_folder, On(second), ["ping", peer, "--lan", .. Ping]);

        (await ping.ExitAsync()).Should().NotBe(0);
        ping.ToString().Should().Contain("it is not on this LAN");
        output.WriteLine($"told after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s, start of the process included");
    }

    [Fact]
    public async Task BadDatagrams_AreHarmless()
    {
        var (first, second) = Lan(isIPv6: false);
        await using var node = Node(first);
        var peer = (await node.EventAsync("ready")).Text("peer");
        using var socket = second.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Parse("10.77.0.2").GetAddressBytes());
        var random = new Random(1);
        var bytes = new byte[1400];
        foreach (var target in new[] { IPAddress.Parse("10.77.0.1"), LanSocket.IPv4Group })
        {
            for (var i = 0; i < 5000; i++)
            {
                random.NextBytes(bytes);
                socket.SendTo(bytes.AsSpan(0, random.Next(0, bytes.Length)), new IPEndPoint(target, LanDiscovery.DefaultPort));
            }
        }

        await using var ping = CrustProcess.CrustThrough(_folder, On(second), ["ping", peer, "--lan", .. Ping]);

        await ping.EventAsync("summary", e => e.Number("received") == 2);
    }

    private (NetworkNamespace First, NetworkNamespace Second) Lan(bool isIPv6)
    {
        Lab.Require();
        _hosts.Add(new NetworkNamespace("lan-a"));
        _hosts.Add(new NetworkNamespace("lan-b"));
        foreach (var host in _hosts)
            host.Set("ipv6/conf/default/accept_dad", 0);
        var cable = Veth.Connect(_hosts[0], "lan0", _hosts[1], "lan0");
        if (!isIPv6)
            cable.WithAddresses(IPAddress.Parse("10.77.0.1"), IPAddress.Parse("10.77.0.2"), 24);
        foreach (var host in _hosts.Where(_ => !isIPv6))
            host.Set("ipv6/conf/lan0/disable_ipv6", 1);
        return (_hosts[0], _hosts[1]);
    }

    private CrustProcess Node(NetworkNamespace host, params string[] more) =>
        CrustProcess.CrustThrough(_folder, On(host), ["node", "--identity", _folder.PathOf("peer"), "--lan", "--no-port-mapping", "--json", .. more]);

    private static string[] On(NetworkNamespace host) => [SystemCommand.Find("ip"), "netns", "exec", host.Name];
}
