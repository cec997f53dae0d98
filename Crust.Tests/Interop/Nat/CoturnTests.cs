using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Crust.Nat.Behavior;
using Crust.Nat.Behavior.Driver;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.Primitives;
using Crust.Tests.Processes;
using Crust.Udp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nat;

/// <summary>coturn's clients against our server, and our client against coturn's server, on two addresses of this host.</summary>
[Trait("speed", "slow")]
public sealed partial class CoturnTests(ITestOutputHelper output)
{
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItsClient_LearnsItsAddressFromUs()
    {
        await using var server = StunNode.Start();
        var said = await Coturn.RunAsync("turnutils_stunclient", "-p", Port(server.Info.UdpPort), "127.0.0.1");
        output.WriteLine(said);
        ReflexiveAddress().IsMatch(said).Should().BeTrue();
    }

    [Fact]
    public async Task ItsClient_IsServedWithBothAddresses()
    {
        await using var server = StunNode.Start(Second);
        var said = await Coturn.RunAsync("turnutils_stunclient", "-p", Port(server.Info.UdpPort), "127.0.0.1");
        output.WriteLine(said);
        said.Should().Contain("RFC 5780 response 3").And.Contain($"Response origin: : 127.0.0.2:{server.Info.OtherUdpPort}");
    }

    [Fact]
    public async Task ItsDiscovery_FindsThatThereIsNoNat()
    {
        await using var server = StunNode.Start(Second);
        var said = await Coturn.RunAsync("turnutils_natdiscovery", "-m", "-f", "-H", "-L", "127.0.0.1", "-p", Port(server.Info.UdpPort), "127.0.0.1");
        output.WriteLine(said);
        said.Should().Contain("RFC 5780 response 5").And.Contain("No NAT! (Endpoint Independent Mapping)")
            .And.Contain("NAT with Endpoint Independent Mapping!").And.Contain("NAT with Endpoint Independent Filtering!").And.NotContain("STUN receive timeout");
    }

    [Fact]
    public async Task OurClient_IsServedByItsServer()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (FreePort(), FreePort());
        using var server = Coturn.StartServer(
            "-n", "-S", "-L", "127.0.0.1", "-L", "127.0.0.2", "-p", Port(first), "--alt-listening-port", Port(second), "--no-tls", "--no-dtls", "--no-cli",
            "--log-file", "stdout", "--pidfile", folder.PathOf("pid"), "-b", folder.PathOf("db"));
        try
        {
            using var own = StunSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var at = new IPEndPoint(IPAddress.Loopback, first);
            StunBinding? binding = null;
            for (var tries = 0; tries < 20 && binding is null; tries++)
                binding = await StunRequest.AskAsync(own.Dispatcher, TransportAddress.From(at), null, StunChange.None, StunTimers.Quick, TimeProvider.System, Cancellation);
            binding!.Value.Mapped.ToIPEndPoint().Should().Be(own.Dispatcher.LocalEndPoint);
            binding.Value.Origin!.Value.ToIPEndPoint().Should().Be(at);
            binding.Value.Other!.Value.ToIPEndPoint().Should().Be(new IPEndPoint(Second, second));

            // All that we know of it is its address: the others it tells itself.
            using var udp = new UdpNatProber(own.Dispatcher, DatagramSockets.Bind, TimeProvider.System);
            (await NatProbing.RunAsync(new NatDiscovery([new NatServer(TransportAddress.From(at))]), udp, Cancellation))
                .Should().Be(new NatProtocolReport(MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved, null, [own.Dispatcher.LocalEndPoint], null));
            using var tcp = new TcpNatProber(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System);
            var overTcp = await tcp.ProbeAsync(NatProbe.Ask(1, TransportAddress.From(at)), Cancellation);
            overTcp.Outcome.Should().Be(NatProbeOutcome.Answered);
            overTcp.Mapped.Should().Be(overTcp.Local);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(Cancellation);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Port(int port) => port.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"UDP reflexive addr: 127\.0\.0\.1:[0-9]+")]
    private static partial Regex ReflexiveAddress();
}
