using System.Globalization;
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
        _hosts = await TwoHosts.CreateAsync();
        var silo = Add(CrustProcess.SiloThrough(
            _folder, _hosts.On(There), "--connection", _folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", TwoHosts.AddressOf(There), "--json"));
        _gateway = (await silo.EventAsync("ready")).Addresses;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        if (_hosts is not null)
            await _hosts.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task PingAndSend_UseWhatIsNotBlocked_AndSaySo()
    {
        _gateway.Should().Contain(a => a.StartsWith("tcp://")).And.Contain(a => a.StartsWith("utp://"), "the gateway listens with both");
        var receiver = Add(Crust(There, "receive", "--out", _folder.PathOf("out"), "--identity", _folder.PathOf("receiver")));
        var ready = await receiver.EventAsync("ready");
        ready.Addresses.Should().Contain(a => a.StartsWith("tcp://")).And.Contain(a => a.StartsWith("utp://"));

        foreach (var (blocked, path, why) in new[] { ("tcp", "direct-utp", "no answer"), ("udp", "direct-tcp", "answered first"), (null, "direct-tcp", "answered first") })
        {
            await _hosts.BlockAsync(blocked);
            await PingAsync(ready.Text("peer"), blocked, path, why);
            await SendAsync(ready.Text("peer"), blocked, path);
        }

        await RefusesRelayAsync(ready.Text("peer"));
    }

    private async Task PingAsync(string peer, string? blocked, string path, string why)
    {
        var ping = Add(Crust(Here, "ping", peer, "--count", "3", "--interval", "0.1", "--path", "direct", "--wait-direct", "1"));
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Error.Should().BeEmpty();
        var connected = await ping.EventAsync("connected");
        connected.Text("path").Should().Be(path, ping.ToString());
        connected.Text("why").Should().Contain(why);
        connected.Text("remote").Should().StartWith(TwoHosts.AddressOf(There));
        ping.Events.Where(e => e.Name == "pong").Should().HaveCount(3).And.OnlyContain(e => e.Text("path") == path);
        var took = connected.Body.GetProperty("ms").GetDouble();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{blocked ?? "nothing"} blocked: connected in {took} ms (promised: round trips + 200 ms), {path}: {connected.Text("why")}"));
        took.Should().BeLessThan(9_000, "a blocked protocol costs a head start, not a time-out");
    }

    private async Task SendAsync(string peer, string? blocked, string path)
    {
        var file = _folder.Write($"file-{blocked ?? "both"}", new string('x', 3_000_000));
        var sender = Add(Crust(Here, "send", file, peer, "--identity", _folder.PathOf("sender")));
        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        (await sender.EventAsync("connected")).Text("path").Should().Be(path);
        sender.Events.Where(e => e.Name == "progress" && e.Text("path").Length > 0).Should().OnlyContain(e => e.Text("path") == path);
        File.ReadAllBytes(_folder.PathOf(Path.Combine("out", Path.GetFileName(file)))).Should().HaveCount(3_000_000);
        var done = await sender.EventAsync("done");
        output.WriteLine($"{blocked ?? "nothing"} blocked: 3 MB in {done.Body.GetProperty("seconds")} s, {path}");
    }

    private async Task RefusesRelayAsync(string peer)
    {
        var ping = Add(Crust(Here, "ping", peer, "--path", "relay"));
        (await ping.ExitAsync()).Should().Be(1, ping.ToString());
        ping.Error.Should().ContainSingle().Which.Should().Contain("There is no relay");
        (await ping.EventAsync("failed")).Text("code").Should().Be("no-relay");
    }

    private CrustProcess Crust(int host, params string[] arguments) =>
        CrustProcess.CrustThrough(_folder, _hosts.On(host), [.. arguments, .. _gateway.SelectMany(a => new[] { "--bootstrap", a }), "--json"]);

    private CrustProcess Add(CrustProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
