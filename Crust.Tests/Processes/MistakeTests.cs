using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using FluentAssertions.Execution;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>Whatever users get wrong is one line on the error stream and an exit code: 2 for wrong usage, 1 for what failed. Never a stack trace.</summary>
public sealed class MistakeTests : IDisposable
{
    private const string Peer = "snfkyjie7wjqp49tn6jytgnaae4hn8mgfj4opdaoq9x1c19afe8o";

    private const string Other = "f86wmkwz1wumwtxeaojajaoqtyg4sz53wsxqotg4f3izmwmthc8y";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ping nonsense", "'nonsense' is not a peer id")]
    [InlineData("ping", "Required argument")]
    [InlineData("", "Required command")]
    [InlineData("nonsense", "'nonsense'")]
    [InlineData("ping PEER --nonsense", "'--nonsense'")]
    [InlineData("ping PEER --bootstrap nonsense", "'nonsense' is not a gateway's address")]
    [InlineData("ping PEER --count 0", "--count")]
    [InlineData("ping PEER --count x", "--count")]
    [InlineData("ping PEER --interval x", "--interval")]
    [InlineData("ping PEER --interval -1", "--interval")]
    [InlineData("ping PEER --path home", "'home' is not a path: any, direct or relay")]
    [InlineData("ping PEER --wait-direct -1", "--wait-direct")]
    [InlineData("ping PEER --network EMPTY", "network name")]
    [InlineData("node --tcp-port 65536", "'65536' is not a port")]
    [InlineData("node --udp-port x", "'x' is not a port")]
    [InlineData("node --listen nonsense", "'nonsense' is not an IP address")]
    [InlineData("gateway --cluster nonsense", "'nonsense' is not HOST:PORT")]
    [InlineData("gateway --advertise nonsense", "'nonsense' is not an address")]
    [InlineData("gateway --advertise utp://192.0.2.1", "'utp://192.0.2.1' is not an address")]
    [InlineData("admin", "Required command")]
    [InlineData("admin ban", "Required argument")]
    [InlineData("admin ban nonsense", "'nonsense' is not a peer id")]
    [InlineData("admin drain PEER --cluster nonsense", "'nonsense' is not HOST:PORT")]
    [InlineData("admin list --profile mongo", "There is no profile 'mongo'")]
    [InlineData("admin audit --count 0", "--count")]
    [InlineData("send", "Required argument")]
    [InlineData("send file nonsense", "'nonsense' is not a peer id")]
    [InlineData("send file PEER --address nonsense", "'nonsense' is not a peer's address")]
    [InlineData("send file PEER --address tcp://127.0.0.1:1/ybndrfg8ejkmcpqxot1uwisza345h769ybndrfg8ejkmcpqxot1u", "is not a peer's address")]
    [InlineData("send file ybndrfg8ejkmcpqxot1uwisza345h769ybndrfg8ejkmcpqxot1u --address tcp://127.0.0.1:1/PEER", "is not a peer id")]
    [InlineData("send file OTHER --address tcp://127.0.0.1:1/PEER", "--address names ")]
    [InlineData("send file PEER --limit fast", "--limit")]
    [InlineData("send file PEER --retry -1", "--retry")]
    [InlineData("receive", "--out")]
    [InlineData("receive --out d --from nonsense", "'nonsense' is not a peer id")]
    [InlineData("receive --out d --max-size 0", "--max-size")]
    [InlineData("receive --out d --max-files 0", "--max-files")]
    public Task Crust_ToldNonsense_SaysSo(string arguments, string why) => FailsAsync(CrustProcess.Crust(_folder, Split(arguments)), 2, why);

    [Theory]
    [InlineData("--nonsense", "'--nonsense'")]
    [InlineData("--profile mongo", "There is no profile 'mongo': use embedded, azure or redis")]
    [InlineData("--silo-port 65536", "'65536' is not a port")]
    [InlineData("--http nonsense", "'nonsense' is not IP:PORT")]
    [InlineData("--listen nonsense", "'nonsense' is not an IP address")]
    [InlineData("--peers-listen nonsense", "'nonsense' is not an IP address")]
    [InlineData("--network EMPTY", "network name")]
    [InlineData("demo --nonsense", "'--nonsense'")]
    public Task Silo_ToldNonsense_SaysSo(string arguments, string why) => FailsAsync(CrustProcess.Silo(_folder, Split(arguments)), 2, why);

    [Theory]
    [InlineData("ping PEER", "No gateway is known")]
    [InlineData("gateway", "A gateway needs a cluster")]
    [InlineData("gateway --config missing", "does not exist")]
    [InlineData("gateway --cluster 127.0.0.1:1 --region rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", "A region has at most 64 characters")]
    [InlineData("node --access missing", "Could not find file")]
    [InlineData("gateway --cluster 127.0.0.1:1 --access missing", "Could not find file")]
    [InlineData("node --listen 203.0.113.1", "not one of this host's")]
    [InlineData("gateway --listen 203.0.113.1 --cluster 127.0.0.1:1", "not one of this host's")]
    [InlineData("admin list", "Which cluster?")]
    [InlineData("admin list --profile embedded", "name its HOST:PORT")]
    [InlineData("admin list --config missing", "does not exist")]
    [InlineData("admin ban PEER --cluster 127.0.0.1:1 --tls-cert missing", "Mutual TLS needs all of")]
    [InlineData("id show missing", "There is no identity file")]
    [InlineData("id show", "There is no identity file")]
    [InlineData("send missing PEER", "No gateway is known")]
    [InlineData("send missing PEER --address tcp://127.0.0.1:1/PEER", "no file or folder 'missing'")]
    [InlineData("receive --out DEVICE/d", "crust:")]
    public Task Crust_ThatCannot_SaysWhy(string arguments, string why) => FailsAsync(CrustProcess.Crust(_folder, Split(arguments)), 1, why);

    [Theory]
    [InlineData("{ nonsense", "cannot be used")]
    [InlineData("[]", "cannot be used")]
    [InlineData("""{ "nonsense": 1 }""", "'nonsense'")]
    [InlineData("""{ "tcpPort": 65536 }""", "65536 is not a port")]
    [InlineData("""{ "tcpPort": "x" }""", "cannot be used")]
    [InlineData("""{ "udpPort": -1 }""", "-1 is not a port")]
    [InlineData("""{ "listen": "x" }""", "'x' in the configuration file is not an IP address")]
    [InlineData("""{ "cluster": ["127.0.0.1:1", "x"] }""", "'x' in the configuration file is not HOST:PORT")]
    [InlineData("""{ "advertise": ["x"] }""", "'x' is not an address")]
    [InlineData("""{ "network": "" }""", "network's name")]
    public Task Gateway_WithAWrongConfiguration_SaysWhatIsWrong(string json, string why) =>
        FailsAsync(CrustProcess.Crust(_folder, "gateway", "--config", _folder.Write("gateway.json", json)), 1, why);

    [Fact]
    public async Task Gateway_WithARightConfiguration_Runs_AndTheCommandLineHasPrecedence()
    {
        var json = $$"""{ "listen": "203.0.113.1", "tcpPort": 0, "advertise": ["198.51.100.7:41000"], "identity": "{{_folder.PathOf("key")}}", "network": "n", "cluster": ["127.0.0.1:1"], "region": "r" }""";
        await using var gateway = CrustProcess.Crust(_folder, "gateway", "--config", _folder.Write("gateway.json", json), "--listen", "127.0.0.1", "--json");
        var ready = await gateway.EventAsync("ready");
        ready.Addresses.Should().Equal($"tcp://198.51.100.7:41000/{ready.Text("peer")}", $"utp://198.51.100.7:41000/{ready.Text("peer")}");
        using var key = Identity.Driver.IdentityFile.Load(_folder.PathOf("key"));
        key.Id.ToString().Should().Be(ready.Text("peer"));
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task APortInUse_IsNamed_ByWhateverWantsIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = $"{((IPEndPoint)taken.LocalEndpoint).Port}";
        using var takenUdp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var udpPort = $"{((IPEndPoint)takenUdp.Client.LocalEndPoint!).Port}";
        await FailsAsync(CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--tcp-port", port), 1, $"TCP port {port} is in use");
        await FailsAsync(CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--udp-port", udpPort), 1, $"UDP port {udpPort} is in use");
        await FailsAsync(CrustProcess.Crust(_folder, "gateway", "--listen", "127.0.0.1", "--tcp-port", port, "--cluster", "127.0.0.1:1"), 1, $"TCP port {port} is in use");
        await FailsAsync(CrustProcess.Crust(_folder, "gateway", "--listen", "127.0.0.1", "--udp-port", udpPort, "--cluster", "127.0.0.1:1"), 1, $"UDP port {udpPort} is in use");
        await FailsAsync(CrustProcess.Silo(_folder, [.. SiloArguments("--peers-udp-port"), "--peers-udp-port", udpPort]), 1, $"UDP port {udpPort} is in use");
        foreach (var option in new[] { "--silo-port", "--gateway-port", "--http", "--peers-port" })
            await FailsAsync(CrustProcess.Silo(_folder, [.. SiloArguments(option), option, port]), 1, "in use");
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task AnUnreachableGateway_IsToldToPeopleAndMachines()
    {
        await using var ping = CrustProcess.Crust(_folder, "ping", Peer, "--bootstrap", $"tcp://127.0.0.1:1/{Peer}", "--json");
        (await ping.ExitAsync()).Should().Be(1, ping.ToString());
        ping.Events.Should().ContainSingle().Which.Text("code").Should().Be("bootstrap-failed");
        ping.Error.Should().ContainSingle().Which.Should().Contain("tried tcp://127.0.0.1:1");
    }

    [Fact]
    [Trait("speed", "slow")]
    public Task ACluster_ThatIsAway_IsOneLineToItsOperators() =>
        FailsAsync(CrustProcess.Crust(_folder, Split("admin ban PEER --cluster 127.0.0.1:1")), 1, "No silo answers within 20 s (127.0.0.1:1)");

    [Fact]
    [Trait("speed", "slow")]
    public async Task ASilosFolderOrAddress_ThatCannotBeUsed_IsNamed()
    {
        await FailsAsync(CrustProcess.Silo(_folder, SiloArguments("", _folder.Write("file", ""))), 1, "data folder");
        Directory.CreateDirectory(_folder.PathOf("damaged"));
        var damaged = _folder.Write("damaged/crust.db", new string('x', 8192));
        await FailsAsync(CrustProcess.Silo(_folder, SiloArguments("", _folder.PathOf("damaged"))), 1, damaged);
        await FailsAsync(CrustProcess.Silo(_folder, [.. SiloArguments(""), "--listen", "0.0.0.0"]), 1, "0.0.0.0");
        await FailsAsync(CrustProcess.Silo(_folder, [.. SiloArguments(""), "--listen", "203.0.113.1"]), 1, "203.0.113.1");
        await FailsAsync(CrustProcess.Silo(_folder, [.. SiloArguments(""), "--peers-listen", "203.0.113.1"]), 1, "not one of this host's");
    }

    /// <summary>Ends with the exit code, says one line on the error stream and nothing else; and no line of it is a stack trace.</summary>
    internal static async Task FailsAsync(CrustProcess process, int exitCode, string why)
    {
        await using (process)
        {
            var code = await process.ExitAsync();
            using var scope = new AssertionScope();
            code.Should().Be(exitCode, process.ToString());
            process.Output.Should().BeEmpty();
            process.Error.Should().ContainSingle().Which.Should().StartWith("crust: ").And.Contain(why).And.NotContain("   at ");
        }
    }

    /// <summary>A silo on random ports, but for the option that is to be given.</summary>
    private string[] SiloArguments(string without, string? data = null) =>
    [
        "--connection", data ?? _folder.PathOf("silo"),
        .. new[] { "--silo-port", "--gateway-port", "--http" }.Where(option => option != without).SelectMany(option => new[] { option, "0" }),
    ];

    private static string[] Split(string arguments) =>
        [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a is "EMPTY" ? "" : a.Replace("PEER", Peer, StringComparison.Ordinal).Replace("OTHER", Other, StringComparison.Ordinal).Replace("DEVICE", "/dev/null", StringComparison.Ordinal))];
}
