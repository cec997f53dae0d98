using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Nat.Behavior.Driver;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.Primitives;
using Crust.Tcp;
using Crust.Udp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nat;

/// <summary>The server and the client over real sockets of this host.</summary>
public sealed class StunServerTests
{
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryEndPoint_AnswersOverUdp_FromWhereItIsAsked()
    {
        await using var server = StunNode.Start(Second);
        using var client = StunSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var info = server.Info;
        foreach (var address in new[] { IPAddress.Loopback, Second })
        {
            foreach (var port in new[] { info.UdpPort, info.OtherUdpPort })
            {
                var at = new IPEndPoint(address, port);
                var binding = await AskAsync(client, at);
                binding!.Value.Mapped.ToIPEndPoint().Should().Be(client.Dispatcher.LocalEndPoint);
                binding.Value.Origin.Should().Be(TransportAddress.From(at));
                binding.Value.Other!.Value.ToIPEndPoint().Address.Should().NotBe(address);
                foreach (var change in new[] { StunChange.Port, StunChange.Address, StunChange.Address | StunChange.Port })
                {
                    var from = new IPEndPoint(
                        change.HasFlag(StunChange.Address) ? (address.Equals(Second) ? IPAddress.Loopback : Second) : address,
                        change.HasFlag(StunChange.Port) ? info.UdpPort + info.OtherUdpPort - port : port);
                    (await AskAsync(client, at, change, from))!.Value.Origin.Should().Be(TransportAddress.From(from));
                }
            }
        }
    }

    [Fact]
    public async Task TheTcpPortOfPeers_AnswersStun_AndStillTakesPeers()
    {
        await using var server = StunNode.Start();
        using var prober = new TcpNatProber(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
        var result = await prober.ProbeAsync(NatProbe.Ask(1, TransportAddress.From(server.Tcp)), Cancellation);
        result.Outcome.Should().Be(NatProbeOutcome.Answered);
        result.Mapped.Should().Be(result.Local);
        await using var peer = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback }, Cancellation);
        var connection = await peer.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, server.Tcp, server.Id), Cancellation);
        connection.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task OverTcp_TheServerDialsBack_AndTellsWhetherItGotIn()
    {
        await using var server = StunNode.Start(Second);
        using var prober = new TcpNatProber(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
        var at = TransportAddress.From(server.Tcp);
        foreach (var change in new[] { StunChange.Port, StunChange.Address | StunChange.Port })
            (await prober.ProbeAsync(new NatProbe(NatProbeKind.Filtering, 6, at, at, change), Cancellation)).Outcome.Should().Be(NatProbeOutcome.Answered);
        // From a port at which nobody listens.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Tcp, Cancellation);
        await socket.SendAsync(StunRequest.Write(new StunTransactionId(1, 2), StunChange.Port), Cancellation);
        var answer = new byte[StunHeader.MaxMessageLength];
        var length = await socket.ReceiveAsync(answer, Cancellation);
        StunMessage.TryParse(answer.AsSpan(0, length), out var message).Should().BeTrue();
        message.TryGetErrorCode(out var code).Should().BeTrue();
        code.Should().Be(StunTcpServer.ConnectionFailed);
    }

    [Fact]
    public async Task WithoutNat_ItIsFoundThatThereIsNone()
    {
        await using var server = StunNode.Start(Second);
        using var own = StunSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using (var udp = new UdpNatProber(own.Dispatcher, DatagramSockets.Bind, TimeProvider.System))
        {
            var report = await NatProbing.RunAsync(new NatDiscovery([NatServer.Of(server.Udp, server.Info, isTcp: false)]), udp, Cancellation);
            report.Should().Be(new NatProtocolReport(MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved, null, [own.Dispatcher.LocalEndPoint], null));
        }

        await using var listener = new TcpTransport().Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var tcp = new TcpNatProber((IPEndPoint)listener.EndPoint, TimeProvider.System);
        var found = await NatProbing.RunAsync(new NatDiscovery([NatServer.Of(server.Tcp, server.Info, isTcp: true)]), tcp, Cancellation);
        found.Should().Be(new NatProtocolReport(MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved, null, [(IPEndPoint)listener.EndPoint], null));
    }

    /// <summary>A socket of this host that sends STUN in a stranger's name gets nothing by it: who did not ask is not told, and who is not asked is not believed.</summary>
    [Fact]
    public async Task AnAnswerFromElsewhere_IsNotBelieved()
    {
        using var client = StunSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var asking = AskAsync(client, (IPEndPoint)server.LocalEndPoint!);
        var request = new byte[100];
        var received = await server.ReceiveFromAsync(request, new IPEndPoint(IPAddress.Any, 0), Cancellation);
        await stranger.SendToAsync(Answer("192.0.2.66:1"), received.RemoteEndPoint, Cancellation);
        await server.SendToAsync(Answer("192.0.2.1:2"), received.RemoteEndPoint, Cancellation);
        (await asking)!.Value.Mapped.ToString().Should().Be("192.0.2.1:2");

        byte[] Answer(string mapped)
        {
            var buffer = new byte[100];
            var writer = new StunWriter(buffer, StunClass.SuccessResponse, StunHeader.TransactionOf(request));
            writer.Add(StunAttribute.XorMappedAddress, TransportAddress.From(IPEndPoint.Parse(mapped)));
            return buffer[..writer.Length];
        }
    }

    [Fact]
    public async Task ASilentConnection_IsClosed_AndOneThatIsNeitherStunNorCrust()
    {
        await using var server = StunNode.Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Info.OtherTcpPort), Cancellation);
        await socket.SendAsync(new byte[] { 0, 1, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, Cancellation);
        (await socket.ReceiveAsync(new byte[1], Cancellation).AsTask().WaitAsync(StunTcpServer.RequestTimeout * 3, Cancellation)).Should().Be(0);
    }

    private static Task<StunBinding?> AskAsync(StunSocket client, IPEndPoint server, StunChange change = StunChange.None, IPEndPoint? source = null) => StunRequest.AskAsync(
        client.Dispatcher, TransportAddress.From(server), source is null ? null : TransportAddress.From(source), change, StunTimers.Quick, TimeProvider.System, Cancellation);
}
