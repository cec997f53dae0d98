using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>
/// Two hosts with a firewall between them that blocks TCP, UDP or nothing: a silo with its gateway and a peer on the one, <c>crust ping</c> and <c>crust send</c>
/// on the other, which say what they use and why.
/// </summary>
[Trait("speed", "slow")]
public sealed class BlockedProtocolTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int There = 0, Here = 1;

    private readonly TemporaryFolder _folder = new();
    private readonly List<CrustProcess> _processes = [];
    private TwoHosts _hosts = null!;
    private string[] _gateway = [];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _hosts = TwoHosts.Create();
        var silo = Add(CrustProcess.SiloThrough(
            _folder, _hosts.On(There), "--connection", _folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", TwoHosts.AddressOf(There), "--json"));
        _gateway = (await silo.EventAsync("ready")).Addresses;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _hosts?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task PingAndSend_UseWhatIsNotBlocked_AndSaySo()
    {
        _gateway.Should().Contain(a => a.StartsWith("tcp://")).And.Contain(a => a.StartsWith("utp://"), "the gateway listens with both");
        var ready = await ReceiveAsync();
        ready.Addresses.Should().Contain(a => a.StartsWith("tcp://")).And.Contain(a => a.StartsWith("utp://"));

        foreach (var (blocked, path) in new[] { ("tcp", "direct-utp"), ("udp", "direct-tcp"), (null, "direct-tcp") })
        {
            _hosts.Block(blocked);
            await PingAsync(ready.Text("peer"), blocked, path);
            await SendAsync(ready, blocked, path);
        }

        await RelaysAsync(ready.Text("peer"));
    }

    /// <summary>Starts the receiver. On a busy machine a silo that has just started may take longer for its first peer than that peer waits: it tries again.</summary>
    private async Task<ProcessEvent> ReceiveAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var receiver = Add(Crust(There, "receive", "--out", _folder.PathOf("out"), "--identity", _folder.PathOf("receiver")));
            var first = await receiver.FirstOfAsync("ready", "failed");
            if (first.Name == "ready" || attempt == 3)
                return first.Name == "ready" ? first : throw new InvalidOperationException($"Nothing is blocked, and it does not attach: {receiver}");
        }
    }

    /// <summary>By id alone; both ways lead through a gateway that is reached by what is not blocked.</summary>
    private async Task PingAsync(string peer, string? blocked, string path)
    {
        var ping = Add(Crust(Here, "ping", peer, "--count", "3", "--interval", "0.1", "--path", "direct", "--wait-direct", "1"));
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Error.Should().BeEmpty();
        var connected = await ping.EventAsync("connected");
        connected.Text("path").Should().Be(path, ping.ToString());
        // Having met its gateway in the same network, it may know already what works there.
        connected.Text("why").Should().MatchRegex(blocked == "tcp" ? "^utp://.* answered first.*(tcp://.*: no answer for|µTP was tried first)" : "^tcp://.* answered first");
        connected.Text("remote").Should().StartWith(TwoHosts.AddressOf(There));
        ping.Events.Where(e => e.Name == "pong").Should().HaveCount(3).And.OnlyContain(e => e.Text("path") == path);
        var took = connected.Body.GetProperty("ms").GetDouble();
        Tell(blocked, connected);
        took.Should().BeLessThan(9_000, "a blocked protocol costs a head start, not a time-out");
    }

    /// <summary>At the receiver's addresses, without a gateway: nothing is known before.</summary>
    private async Task SendAsync(ProcessEvent receiver, string? blocked, string path)
    {
        var file = _folder.Write($"file-{blocked ?? "both"}", new string('x', 3_000_000));
        var sender = Add(CrustProcess.CrustThrough(
            _folder, _hosts.On(Here),
            ["send", file, receiver.Text("peer"), "--identity", _folder.PathOf("sender"), "--bootstrap-cache", "none", .. receiver.Addresses.SelectMany(a => new[] { "--address", a }), "--json"]));
        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        var connected = await sender.EventAsync("connected");
        connected.Text("path").Should().Be(path);
        connected.Text("why").Should().MatchRegex(blocked == "tcp" ? "^utp://.* answered first.*tcp://.*: no answer for" : "^tcp://.* answered first");
        Tell(blocked, connected);
        // A fast transfer may be over before its first progress line.
        sender.Events.Where(e => e.Name == "progress" && e.Text("path").Length > 0).Should().NotContain(e => e.Text("path") != path);
        File.ReadAllBytes(_folder.PathOf(Path.Combine("out", Path.GetFileName(file)))).Should().HaveCount(3_000_000);
        var done = await sender.EventAsync("done");
        output.WriteLine($"{blocked ?? "nothing"} blocked: 3 MB in {done.Body.GetProperty("seconds")} s, {path}");
    }

    private void Tell(string? blocked, ProcessEvent connected) => output.WriteLine(
        $"{blocked ?? "nothing"} blocked: connected in {connected.Body.GetProperty("ms").GetDouble()} ms (promised: round trips + 200 ms), {connected.Text("path")}: {connected.Text("why")}");

    private async Task RelaysAsync(string peer)
    {
        var ping = Add(Crust(Here, "ping", peer, "--path", "relay", "--count", "2", "--interval", "0.1"));
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        var connected = await ping.EventAsync("connected");
        connected.Text("path").Should().Be("relayed");
        output.WriteLine($"relayed in {connected.Body.GetProperty("ms").GetDouble()} ms: {connected.Text("why")}");
        ping.Events.Where(e => e.Name == "pong").Should().HaveCount(2).And.OnlyContain(e => e.Text("path") == "relayed");
    }

    private CrustProcess Crust(int host, params string[] arguments) =>
        CrustProcess.CrustThrough(_folder, _hosts.On(host), [.. arguments, .. _gateway.SelectMany(a => new[] { "--bootstrap", a }), "--json"]);

    private CrustProcess Add(CrustProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
