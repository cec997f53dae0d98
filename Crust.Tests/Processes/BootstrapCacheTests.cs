using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>What commands remember of gateways and peers, from one process to the next.</summary>
[Trait("speed", "slow")]
public sealed class BootstrapCacheTests : IAsyncLifetime
{
    private readonly ProcessCluster _cluster = new();

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task OnePingWithAGateway_IsEnoughForOthersWithout_EvenWhenTheWholeClusterIsGone()
    {
        using var folder = new TemporaryFolder();
        (await PingAsync(folder, "--bootstrap", _cluster.GatewayAddresses[0])).Should().Equal("ready", "connected", "pong", "summary");
        (await PingAsync(folder)).Should().Equal("ready", "connected", "pong", "summary");

        foreach (var process in _cluster.Gateways.Append(_cluster.Silo))
            await process.KillAsync();

        (await PingAsync(folder)).Should().Equal(["ready", "connected", "pong", "summary"], "the peer is dialled where it was");
    }

    [Fact]
    public async Task WithoutAFile_NothingIsRemembered()
    {
        using var folder = new TemporaryFolder();
        (await PingAsync(folder, "--bootstrap", _cluster.GatewayAddresses[0], "--bootstrap-cache", "none")).Should().EndWith("summary");
        (await PingAsync(folder)).Should().Equal("failed");
    }

    private async Task<IEnumerable<string>> PingAsync(TemporaryFolder folder, params string[] more)
    {
        await using var ping = CrustProcess.Crust(folder, ["ping", _cluster.PeerId, "--count", "1", "--json", .. more]);
        await ping.ExitAsync();
        // A path that gets better after all is no fault.
        return [.. ping.Events.Select(e => e.Name).Where(name => name != "path-changed")];
    }
}
