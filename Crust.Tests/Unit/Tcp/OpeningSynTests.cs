using System.Net;
using System.Net.Sockets;
using Crust.Tcp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Tcp;

/// <summary>What <see cref="OpeningSyn"/> asks of the kernel. What routers make of it is the NAT lab's.</summary>
public sealed class OpeningSynTests
{
    private const int IPLevel = 0, MinimalHops = 21, IPv6Level = 41, MinimalHopsIPv6 = 73;

    [Theory]
    [InlineData(AddressFamily.InterNetwork, IPLevel, MinimalHops)]
    [InlineData(AddressFamily.InterNetworkV6, IPv6Level, MinimalHopsIPv6)]
    public void Prepare_LetsTheSynGoTwoHops_AndTakesErrorsFromNoNearer(AddressFamily family, int level, int option)
    {
        using var socket = NewSocket(family);

        OpeningSyn.Prepare(socket);

        socket.Ttl.Should().Be(2);
        Read(socket, level, option).Should().Be(3, "a SYN that died on its way has one hop left, and what a router says of it quotes that");
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, IPLevel, MinimalHops)]
    [InlineData(AddressFamily.InterNetworkV6, IPv6Level, MinimalHopsIPv6)]
    public void Release_LetsTheNextSynGoAllTheWay_AndErrorsStayOut(AddressFamily family, int level, int option)
    {
        using var socket = NewSocket(family);
        OpeningSyn.Prepare(socket);

        OpeningSyn.Release(socket);

        socket.Ttl.Should().Be(64);
        Read(socket, level, option).Should().Be(3, "the router's words about the first may come later");
    }

    [Fact]
    public void Release_OfADialThatIsOver_DoesNothing()
    {
        var socket = NewSocket(AddressFamily.InterNetwork);
        OpeningSyn.Prepare(socket);
        socket.Dispose();

        FluentActions.Invoking(() => OpeningSyn.Release(socket)).Should().NotThrow();
    }

    [Fact]
    public async Task PreparedDial_Connects_WhereNoRouterIsBetween()
    {
        RequireLinux();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var transport = new TcpTransport();
        await using var own = transport.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        await using var link = await transport.ConnectFromListenerAsync((IPEndPoint)listener.LocalEndpoint, opens: true, TestContext.Current.CancellationToken);

        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        ((IPEndPoint)accepted.RemoteEndPoint!).Port.Should().Be(((IPEndPoint)own.EndPoint).Port, "it left from the port that listens");
        await accepted.SendAsync(new byte[] { 7 }, TestContext.Current.CancellationToken);
        var read = await link.Transport.Input.ReadAsync(TestContext.Current.CancellationToken);
        read.Buffer.FirstSpan[0].Should().Be(7, "what comes from far enough gets in");
    }

    private static Socket NewSocket(AddressFamily family)
    {
        RequireLinux();
        Assert.SkipWhen(family == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6, "This host has no IPv6.");
        return new Socket(family, SocketType.Stream, ProtocolType.Tcp);
    }

    private static void RequireLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux ignores errors about packets with few hops left.");

    private static int Read(Socket socket, int level, int option)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        socket.GetRawSocketOption(level, option, value).Should().Be(sizeof(int));
        return BitConverter.ToInt32(value);
    }
}
