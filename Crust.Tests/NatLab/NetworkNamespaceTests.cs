using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>The lab's own ground: namespaces, cables and rules do what they say, and nothing of them stays.</summary>
public sealed class NetworkNamespaceTests
{
    private static readonly IPAddress FirstAddress = IPAddress.Parse("192.0.2.1"), SecondAddress = IPAddress.Parse("192.0.2.2");

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", 24)]
    [InlineData("2001:db8::1", "2001:db8::2", 64)]
    public async Task ACable_CarriesDatagrams_BetweenTwoNamespaces(string firstAddress, string secondAddress, int prefixLength)
    {
        Lab.Require();
        using var first = new NetworkNamespace("first");
        using var second = new NetworkNamespace("second");
        Veth.Connect(first, "eth0", second, "eth0").WithAddresses(IPAddress.Parse(firstAddress), IPAddress.Parse(secondAddress), prefixLength);
        using var sender = Bound(first, IPAddress.Parse(firstAddress));
        using var receiver = Bound(second, IPAddress.Parse(secondAddress));

        (await Passes(sender, receiver)).Should().Be("hello");
    }

    [Fact]
    public async Task ABlockedProtocol_VanishesWithoutAnAnswer()
    {
        Lab.Require("nft");
        using var first = new NetworkNamespace("first");
        using var second = new NetworkNamespace("second");
        Veth.Connect(first, "eth0", second, "eth0").WithAddresses(FirstAddress, SecondAddress, 24);
        second.Block("udp");
        using var sender = Bound(first, FirstAddress);
        using var receiver = Bound(second, SecondAddress);
        await sender.SendToAsync("hello"u8.ToArray(), receiver.LocalEndPoint!);

        await Eventually.HoldsAsync(
            () => second.Run("nft", "list", "chain", "inet", "block-udp", "in").Contains("counter packets 1 ", StringComparison.Ordinal), "the rule dropped it");
        receiver.Available.Should().Be(0);
        using var listener = second.Inside(() => new TcpListener(SecondAddress, 0));
        listener.Start();
        using var client = first.Inside(() => new TcpClient(AddressFamily.InterNetwork));
        await client.ConnectAsync(SecondAddress, ((IPEndPoint)listener.LocalEndpoint).Port, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        client.Connected.Should().BeTrue("only UDP is blocked");
    }

    [Fact]
    public void AFeature_IsSwitchedOff_AtBothEnds()
    {
        Lab.Require("ethtool");
        using var first = new NetworkNamespace("first");
        using var second = new NetworkNamespace("second");
        Veth.Connect(first, "left", second, "right").WithFeature("tx-udp-segmentation", false).WithMtu(1400);

        first.Run("ethtool", "-k", "left").Should().Contain("tx-udp-segmentation: off");
        second.Run("ethtool", "-k", "right").Should().Contain("tx-udp-segmentation: off");
        second.Ip("link", "show", "right").Should().Contain("mtu 1400");
    }

    [Fact]
    public async Task Dispose_LeavesNothing_NeitherProcessNorName()
    {
        Lab.Require();
        string name;
        Process process;
        using (var lonely = new NetworkNamespace("lonely"))
        {
            name = lonely.Name;
            var start = lonely.Prepare("cat");
            start.RedirectStandardInput = true;
            process = Process.Start(start)!;
            // `ip` has entered the namespace and has become the command.
            await Eventually.HoldsAsync(() => SystemCommand.Run("ip", ["netns", "pids", name]).Contains($"{process.Id}", StringComparison.Ordinal), "it runs inside");
        }

        using (process)
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        SystemCommand.Run("ip", ["netns", "list"]).Should().NotContain(name);
    }

    [Fact]
    public void ACommandThatFails_SaysWhy()
    {
        Lab.Require();
        using var lonely = new NetworkNamespace("lonely");

        var laying = () => lonely.Ip("link", "set", "nowhere", "up");

        laying.Should().Throw<InvalidOperationException>().WithMessage("*nowhere*");
    }

    private static Socket Bound(NetworkNamespace inside, IPAddress address) => inside.Inside(() =>
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    });

    private static async Task<string> Passes(Socket sender, Socket receiver)
    {
        var buffer = new byte[100];
        await sender.SendToAsync("hello"u8.ToArray(), receiver.LocalEndPoint!);
        var received = await receiver.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, received);
    }
}
