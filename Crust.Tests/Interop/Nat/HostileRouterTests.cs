using System.Net;
using System.Net.Sockets;
using System.Text;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Driver;
using Crust.Primitives.Driver;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Interop.Nat;

/// <summary>Routers that mean harm, over real sockets on loopback: whatever they answer costs a line of the log, bounded memory and bounded time.</summary>
public sealed class HostileRouterTests(ITestOutputHelper output)
{
    private static readonly IPAddress Here = IPAddress.Parse("127.0.0.1");

    public static TheoryData<string> Answers =>
    [
        "huge", "forever", "chunks", "slow", "silent", "redirect", "bomb", "garbage", "reset", "headers",
    ];

    [Theory, MemberData(nameof(Answers))]
    public async Task ADescription_ThatMeansHarm_IsGivenUp(string kind)
    {
        using var router = new HostileHttp(kind);
        using var ssdp = Ssdp($"http://127.0.0.1:{router.Port}/root.xml");
        await using var mapper = Mapper();
        mapper.Start();

        var took = await Eventually.HoldsAsync(() => mapper.Report.State != MapperState.Searching, "the search ends", PortMapper.Patience * 3);

        output.WriteLine($"given up after {took.TotalSeconds:0.0} s, {router.Sent:N0} bytes sent");
        mapper.Report.State.Should().Be(MapperState.NoRouter);
        router.Connections.Should().BeInRange(1, 2, "it was asked, and nobody was asked instead");
        router.Sent.Should().BeLessThan(16 << 20, "of what never ends a bounded part is read; the rest of this are the kernel's buffers");
    }

    [Theory]
    [InlineData("http://127.0.0.2:{0}/root.xml")]
    [InlineData("http://localhost:{0}/root.xml")]
    [InlineData("http://127.0.0.1@127.0.0.2:{0}/root.xml")]
    [InlineData("https://127.0.0.1:{0}/root.xml")]
    public async Task ALocation_ElsewhereThanTheRouter_IsNotFetched(string location)
    {
        using var victim = new HostileHttp("garbage", IPAddress.Any);
        using var ssdp = Ssdp(string.Format(System.Globalization.CultureInfo.InvariantCulture, location, victim.Port));
        await using var mapper = Mapper();
        mapper.Start();

        await Eventually.HoldsAsync(() => mapper.Report.State != MapperState.Searching, "the search ends", PortMapper.Patience * 3);

        victim.Connections.Should().Be(0);
    }

    [Fact]
    public async Task AFloodOfAnswers_IsDropped_AndTheSearchEndsInTime()
    {
        using var router = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        router.Bind(new IPEndPoint(Here, 0));
        using var stop = new CancellationTokenSource();
        var flood = Task.Run(() => Flood(router, stop.Token), TestContext.Current.CancellationToken);
        await using var mapper = Mapper(((IPEndPoint)router.LocalEndPoint!).Port);
        mapper.Start();

        var took = await Eventually.HoldsAsync(() => mapper.Report.State != MapperState.Searching, "the search ends", PortMapper.Patience * 3);

        took.Should().BeLessThan(PortMapper.Patience * 2);
        mapper.Report.Mappings.Should().BeEmpty();
        await stop.CancelAsync();
        await flood;
    }

    [Fact]
    public async Task Disposal_WhileARouterSaysNothing_TakesLittleMoreThanASecond()
    {
        using var router = new HostileHttp("silent");
        using var ssdp = Ssdp($"http://127.0.0.1:{router.Port}/root.xml");
        var mapper = Mapper();
        mapper.Start();
        await Eventually.HoldsAsync(() => router.Connections > 0, "it is asked");

        await mapper.DisposeAsync().AsTask().WaitAsync(PortMapper.StopPatience * 3, TestContext.Current.CancellationToken);
    }

    private static RouterMapper Mapper(int port = 9) => new(
        new RouterPlace(Here, Here), [new PortRequest(MappedProtocol.Tcp, 4000)], () => { }, new MonotonicClock(TimeProvider.System), NullLogger.Instance, port);

    /// <summary>Answers every search, as long as the socket lives.</summary>
    private static Socket Ssdp(string location)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(Here, 1900));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            Assert.Skip($"Port 1900 of loopback is not free: {e.Message}");
        }

        _ = Task.Run(async () =>
        {
            var buffer = new byte[2048];
            try
            {
                while (true)
                {
                    var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
                    await socket.SendToAsync(
                        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: {location}\r\n\r\n"), received.RemoteEndPoint);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // The test is over.
            }
        });
        return socket;
    }

    /// <summary>Nonsense in both protocols, as fast as it goes, to whoever asked first.</summary>
    private static void Flood(Socket router, CancellationToken cancellationToken)
    {
        var buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        router.ReceiveFrom(buffer, ref from);
        var random = new Random(1);
        byte[][] starts = [[0, 128, 0, 0], [0, 129, 0, 0], [2, 0x80, 0, 9], [2, 0x81, 0, 0], [9, 0x81]];
        while (!cancellationToken.IsCancellationRequested)
        {
            var length = random.Next(1, 1400);
            random.NextBytes(buffer.AsSpan(0, length));
            starts[random.Next(starts.Length)].CopyTo(buffer, 0);
            router.SendTo(buffer.AsSpan(0, random.Next(2) == 0 ? 11 : length), from);
        }
    }
}
