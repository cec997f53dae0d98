using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using Crust.Identity;
using Crust.Tests.Interop.Utp;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Real nodes over TCP, over µTP, and over what works of both.</summary>
public sealed class TransportTests(ITestOutputHelper output)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Transports.Tcp, ConnectionPath.DirectTcp)]
    [InlineData(Transports.Utp, ConnectionPath.DirectUtp)]
    [InlineData(Transports.All, ConnectionPath.DirectTcp)]
    public async Task ASession_RunsOverWhatBothHave(Transports transports, ConnectionPath path)
    {
        await using var a = await StartAsync(transports);
        await using var b = await StartAsync(transports);
        var echoed = Channel.CreateUnbounded<int>();
        a.Handle("n", (m, token) => echoed.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token));
        b.Handle("n", async (m, token) => await m.Connection.SendAsync("n", m.Payload, token));
        var blob = new TaskCompletionSource<byte[]>();
        b.Handle("blob", (m, _) =>
        {
            blob.TrySetResult(m.Payload.ToArray());
            return ValueTask.CompletedTask;
        });
        b.Addresses.Select(x => x.Transport).Should().BeEquivalentTo(
            new[] { TransportKind.Tcp, TransportKind.Utp }.Where(t => transports.HasFlag((Transports)t)), "what is off has no address");

        var connection = await a.ConnectToAddressesAsync([.. b.Addresses], Cancelled);

        connection.Path.Should().Be(path);
        connection.PathReason.Should().StartWith($"{(path == ConnectionPath.DirectTcp ? "tcp" : "utp")}://{connection.RemoteEndPoint} answered");
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "b has the session too");
        b.Connections[0].Path.Should().Be(path);
        b.Connections[0].PathReason.Should().Be($"the peer dialled this node over {(path == ConnectionPath.DirectTcp ? "TCP" : "µTP")}");
        const int Count = 5000;
        var sending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Count; i++)
                    await connection.SendAsync("n", BitConverter.GetBytes(i), Cancelled);
            },
            Cancelled);
        for (var i = 0; i < Count; i++)
            (await echoed.Reader.ReadAsync(Cancelled).AsTask().WaitAsync(Eventually.Soon, Cancelled)).Should().Be(i);
        await sending;
        var payload = RandomNumberGenerator.GetBytes(PeerConnection.MaxMessageLength);
        await connection.SendAndConfirmAsync("blob", payload, Cancelled).WaitAsync(Eventually.Soon, Cancelled);
        (await blob.Task.WaitAsync(Eventually.Soon, Cancelled)).AsSpan().SequenceEqual(payload).Should().BeTrue();
        var atB = b.Connections[0];
        await connection.CloseAsync("done").WaitAsync(Eventually.Soon, Cancelled);
        connection.CloseReason.Should().Be("done");
        await atB.Completion.WaitAsync(Eventually.Soon, Cancelled);
        atB.CloseReason.Should().Be("done", "b is told");
    }

    [Fact]
    public async Task ATcpThatIsBlocked_CostsTheHeadStart_AndIsNotTriedFirstAgain()
    {
        await using var hole = TcpBlackHole.Create();
        await using var a = await StartAsync(Transports.All);
        await using var b = await StartAsync(Transports.Utp);
        b.Handle("hello", (_, _) => ValueTask.CompletedTask);
        // A round trip of 50 ms: one to open the link, one for the handshake, one for the message and its acknowledgement.
        await using var proxy = new DatagramProxy(b.Addresses[0].EndPoint.Port, new ProxyOptions { Delay = TimeSpan.FromMilliseconds(25) });
        output.WriteLine("promised: 3 round trips of 50 ms + 200 ms = 350 ms");
        PeerAddress[] addresses = [new(TransportKind.Tcp, hole.EndPoint, b.Id), new(TransportKind.Utp, new IPEndPoint(IPAddress.Loopback, proxy.Port), b.Id)];

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var start = Stopwatch.GetTimestamp();
            var connection = await a.ConnectToAddressesAsync(addresses, Cancelled);
            await connection.SendAndConfirmAsync("hello", new byte[1], Cancelled).WaitAsync(Eventually.Soon, Cancelled);
            Tell($"TCP blocked, attempt {attempt}", start, connection);
            connection.Path.Should().Be(ConnectionPath.DirectUtp);
            connection.PathReason.Should().Contain(attempt == 1 ? $"tcp://{hole.EndPoint}: no answer for " : "µTP was tried first: it alone worked last time");
            await connection.CloseAsync("again").WaitAsync(Eventually.Soon, Cancelled);
            await Eventually.HoldsAsync(() => a.Connections.Count + b.Connections.Count == 0, "both are done with it");
        }
    }

    [Fact]
    public async Task AUdpThatIsBlocked_CostsNothing()
    {
        using var hole = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var a = await StartAsync(Transports.All);
        await using var b = await StartAsync(Transports.Tcp);
        b.Handle("hello", (_, _) => ValueTask.CompletedTask);
        var start = Stopwatch.GetTimestamp();

        var connection = await a.ConnectToAddressesAsync([new PeerAddress(TransportKind.Utp, (IPEndPoint)hole.Client.LocalEndPoint!, b.Id), b.Addresses[0]], Cancelled);
        await connection.SendAndConfirmAsync("hello", new byte[1], Cancelled).WaitAsync(Eventually.Soon, Cancelled);

        Tell("UDP blocked", start, connection);
        connection.Path.Should().Be(ConnectionPath.DirectTcp);
    }

    [Fact]
    public async Task ATcpThatConnectsAndSwallowsEverything_DoesNotStopTheConnection()
    {
        // Some firewalls let connections be made and nothing through: the ten seconds of a handshake would have passed first.
        using var tarpit = new TcpListener(IPAddress.Loopback, 0);
        tarpit.Start();
        await using var a = await StartAsync(Transports.All);
        await using var b = await StartAsync(Transports.Utp);
        b.Handle("hello", (_, _) => ValueTask.CompletedTask);
        var start = Stopwatch.GetTimestamp();

        var connection = await a.ConnectToAddressesAsync([new PeerAddress(TransportKind.Tcp, (IPEndPoint)tarpit.LocalEndpoint, b.Id), b.Addresses[0]], Cancelled);

        Tell("TCP swallows", start, connection);
        connection.Path.Should().Be(ConnectionPath.DirectUtp);
        connection.PathReason.Should().Contain("answered, but said nothing for ");
    }

    [Fact]
    public async Task ASessionWhoseTcpIsCutForGood_GoesOnOverUtp_AndSaysSo()
    {
        await using var a = await StartAsync(Transports.All);
        await using var b = await StartAsync(Transports.All);
        var received = new List<int>();
        b.Handle("n", (m, _) =>
        {
            received.Add(BitConverter.ToInt32(m.Payload.Span));
            return ValueTask.CompletedTask;
        });
        var proxy = new CuttingProxy(b.Addresses.First(x => x.Transport == TransportKind.Tcp).EndPoint);
        var paths = Channel.CreateUnbounded<string>();
        a.PeerPathChanged += c =>
        {
            if (!c.IsSuspended)
                paths.Writer.TryWrite($"{c.Path.ToToken()} {c.PathReason}");
        };
        var connection = await a.ConnectToAddressesAsync(
            [new PeerAddress(TransportKind.Tcp, proxy.EndPoint, b.Id), b.Addresses.First(x => x.Transport == TransportKind.Utp)], Cancelled);
        connection.Path.Should().Be(ConnectionPath.DirectTcp);
        const int Count = 20_000;
        var sending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Count; i++)
                    await connection.SendAsync("n", BitConverter.GetBytes(i), Cancelled);
            },
            Cancelled);
        await Eventually.HoldsAsync(() => received.Count > Count / 10, "messages flow over TCP");

        await proxy.DisposeAsync();

        await sending.WaitAsync(Eventually.Soon, Cancelled);
        await Eventually.HoldsAsync(() => received.Count == Count, "everything arrives over µTP");
        received.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        connection.Path.Should().Be(ConnectionPath.DirectUtp);
        var told = await paths.Reader.ReadAsync(Cancelled).AsTask().WaitAsync(Eventually.Soon, Cancelled);
        told.Should().StartWith("direct-utp the link before was lost; utp://").And.Contain("connection refused");
        output.WriteLine(told);
    }

    [Fact]
    public async Task ASessionOverUtpAlone_OutlivesItsLink()
    {
        // While it is cut, what comes through is no µTP any more: neither host hears of the other.
        var isCut = false;
        await using var b = await StartAsync(Transports.Utp);
        await using var proxy = new DatagramProxy(b.Addresses[0].EndPoint.Port, new ProxyOptions
        {
            Rewrite = (datagram, _) => datagram[0] = Volatile.Read(ref isCut) ? (byte)0xFF : datagram[0],
        });
        await using var a = await StartAsync(Transports.Utp);
        var received = new List<int>();
        b.Handle("n", (m, _) =>
        {
            received.Add(BitConverter.ToInt32(m.Payload.Span));
            return ValueTask.CompletedTask;
        });
        var connection = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Utp, new IPEndPoint(IPAddress.Loopback, proxy.Port), b.Id), Cancelled);
        const int Count = 20_000;
        var sending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Count; i++)
                    await connection.SendAsync("n", BitConverter.GetBytes(i), Cancelled);
            },
            Cancelled);
        await Eventually.HoldsAsync(() => received.Count > Count / 10, "messages flow");

        Volatile.Write(ref isCut, true);
        var before = proxy.Recorded.Count;
        await Eventually.HoldsAsync(() => proxy.Recorded.Skip(before).Any(d => d.Type == ProxiedDatagram.Syn), "the session looks for another link");
        Volatile.Write(ref isCut, false);

        await sending.WaitAsync(Eventually.Soon, Cancelled);
        await Eventually.HoldsAsync(() => received.Count == Count, "everything arrives");
        received.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        (connection.Path, connection.IsOpen).Should().Be((ConnectionPath.DirectUtp, true));
    }

    [Fact]
    public async Task ARestartedPeer_GetsANewSession_OverUtp()
    {
        using var key = PeerIdentity.Create();
        await using var b = await StartAsync(Transports.Utp);
        var first = await StartAsync(Transports.Utp, o => o.Identity = key);
        var old = await first.ConnectToAddressesAsync([.. b.Addresses], Cancelled);
        await using var second = await StartAsync(Transports.Utp, o => o.Identity = key);

        var connection = await second.ConnectToAddressesAsync([.. b.Addresses], Cancelled);

        await old.Completion.WaitAsync(Eventually.Soon, Cancelled);
        (await connection.PingAsync(Cancelled).WaitAsync(Eventually.Soon, Cancelled)).Should().BePositive();
        b.Connections.Should().ContainSingle();
        await first.DisposeAsync();
    }

    [Fact]
    public async Task SimultaneousConnects_OverDifferentTransports_EndInOneSession()
    {
        for (var round = 0; round < 10; round++)
        {
            await using var a = await StartAsync(Transports.All);
            await using var b = await StartAsync(Transports.All);
            var (atA, atB) = (0, 0);
            a.Handle("n", (_, _) => Count(ref atA));
            b.Handle("n", (_, _) => Count(ref atB));

            await Task.WhenAll(
                SendAsync(a, b.Addresses.First(x => x.Transport == TransportKind.Tcp)), SendAsync(b, a.Addresses.First(x => x.Transport == TransportKind.Utp))).WaitAsync(Eventually.Soon, Cancelled);

            (atA, atB).Should().Be((50, 50));
            await Eventually.HoldsAsync(() => a.Connections.Count == 1 && b.Connections.Count == 1, "one session is left");
        }

        static ValueTask Count(ref int count)
        {
            Interlocked.Increment(ref count);
            return ValueTask.CompletedTask;
        }

        static async Task SendAsync(CrustNode node, PeerAddress to)
        {
            var connection = await node.ConnectToAddressAsync(to, Cancelled);
            for (var i = 0; i < 50; i++)
                await connection.SendAndConfirmAsync("n", BitConverter.GetBytes(i), Cancelled);
        }
    }

    [Fact]
    public async Task ATransportThatIsOff_IsNotDialled_AndSaysSo()
    {
        await using var a = await StartAsync(Transports.Tcp);
        await using var b = await StartAsync(Transports.Utp);

        var connect = () => a.ConnectToAddressesAsync([.. b.Addresses], Cancelled);

        var failure = (await connect.Should().ThrowAsync<ConnectException>()).Which;
        failure.Failure.Should().Be(ConnectFailure.Unreachable);
        failure.Message.Should().Contain($"utp://{b.Addresses[0].EndPoint}: this node has switched µTP off");
    }

    [Fact]
    public async Task EachAddressThatFails_SaysWhy()
    {
        await using var a = await StartAsync(Transports.All);
        PeerAddress[] gone;
        await using (var b = await StartAsync(Transports.All))
            gone = [.. b.Addresses];

        var connect = () => a.ConnectToAddressesAsync(gone, Cancelled);

        (await connect.Should().ThrowAsync<ConnectException>()).Which.Message.Should().Contain($"tcp://{gone[0].EndPoint}: connection refused").And.Contain($"utp://{gone[1].EndPoint}: ");
    }

    [Fact]
    public async Task AConnectionThatRunsOutOfTime_SaysHowItStood()
    {
        await using var hole = TcpBlackHole.Create();
        using var udpHole = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var nobody = PeerIdentity.Create();
        await using var a = await StartAsync(Transports.All, o => o.ConnectTimeout = TimeSpan.FromSeconds(1));
        var udp = (IPEndPoint)udpHole.Client.LocalEndPoint!;

        var connect = () => a.ConnectToAddressesAsync([new PeerAddress(TransportKind.Tcp, hole.EndPoint, nobody.Id), new PeerAddress(TransportKind.Utp, udp, nobody.Id)], Cancelled);

        var failure = (await connect.Should().ThrowAsync<ConnectException>()).Which;
        failure.Failure.Should().Be(ConnectFailure.TimedOut);
        failure.Message.Should().Contain($"tcp://{hole.EndPoint}: no answer for ").And.Contain($"utp://{udp}: no answer for ");
    }

    [Fact]
    public async Task ANode_NeedsATransport_AndPortsThatAreFree()
    {
        using var taken = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.Client.LocalEndPoint!).Port;
        var without = () => StartAsync(Transports.None);
        var withTaken = () => StartAsync(Transports.All, o => o.UdpPort = port);

        await without.Should().ThrowAsync<ArgumentOutOfRangeException>();
        (await withTaken.Should().ThrowAsync<SocketException>()).Which.Message.Should().Be($"UDP port {port} is in use; choose another, or 0 for a random one.");
        await using var tcpOnly = await StartAsync(Transports.Tcp, o => o.UdpPort = port);
    }

    [Fact]
    public async Task AddressesOfDifferentPeers_AreNoPlaceToConnectTo()
    {
        await using var a = await StartAsync(Transports.Tcp);
        using var other = PeerIdentity.Create();
        var none = () => a.ConnectToAddressesAsync([], Cancelled);
        var mixed = () => a.ConnectToAddressesAsync([a.Addresses[0], a.Addresses[0] with { Peer = other.Id }], Cancelled);

        await none.Should().ThrowAsync<ArgumentException>();
        await mixed.Should().ThrowAsync<ArgumentException>();
    }

    private void Tell(string what, long start, PeerConnection connection) => output.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{what}: first message confirmed after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, {connection.Path.ToToken()} ({connection.PathReason})"));

    private static Task<CrustNode> StartAsync(Transports transports, Action<CrustNodeOptions>? configure = null)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback, Transports = transports };
        configure?.Invoke(options);
        return CrustNode.StartAsync(options, Cancelled);
    }
}
