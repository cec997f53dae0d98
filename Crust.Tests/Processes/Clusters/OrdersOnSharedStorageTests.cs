using Crust.Client.Membership;
using Crust.Identity;
using Crust.Identity.Driver;
using Crust.Tests.Cluster.Servers;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>Operators' orders where silos share their storage: the command finds a silo in the membership, and what one silo took another one knows.</summary>
[Trait("speed", "slow")]
public sealed class OrdersOnSharedStorageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ClusterProfile.Azure)]
    [InlineData(ClusterProfile.Redis)]
    public async Task AnOrder_OutlivesTheSiloThatTookIt(string profile)
    {
        await using StorageServer storage = profile == ClusterProfile.Azure ? new AzuriteServer() : new Cluster.Servers.RedisServer();
        storage.Require();
        await storage.StartAsync();
        string operatorId;
        using (var key = IdentityFile.Create(_folder.PathOf("operator")))
            operatorId = key.Id.ToString();
        using var peer = PeerIdentity.Create();
        CrustProcess Silo() => CrustProcess.Silo(
            _folder, "--profile", profile, "--connection", storage.Connection, "--operator", operatorId, "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--json");

        await using (var silo = Silo())
        {
            await silo.EventAsync("ready");
            (await AdminAsync(storage, profile, "ban", peer.Id.ToString(), "--reason", "spam", "--identity", _folder.PathOf("operator"))).Should().ContainSingle().Which.Name.Should().Be("ordered");
            await silo.KillAsync();
        }

        await using var next = Silo();
        await next.EventAsync("ready");
        var list = await AdminAsync(storage, profile, "list");
        list[0].Text("subject").Should().Be(peer.Id.ToString());
        list[0].Text("reason").Should().Be("spam");
        (await AdminAsync(storage, profile, "unban", peer.Id.ToString(), "--identity", _folder.PathOf("operator"))).Should().ContainSingle();
        (await AdminAsync(storage, profile, "list")).Should().ContainSingle().Which.Number("banned").Should().Be(0);
        (await AdminAsync(storage, profile, "audit")).Select(e => e.Text("order")).Should().Equal("unban", "ban");
    }

    private async Task<IReadOnlyList<ProcessEvent>> AdminAsync(StorageServer storage, string profile, params string[] arguments)
    {
        await using var admin = CrustProcess.Crust(_folder, ["admin", .. arguments, "--profile", profile, "--connection", storage.Connection, "--json"]);
        (await admin.ExitAsync()).Should().Be(0, admin.ToString());
        return admin.Events;
    }
}
