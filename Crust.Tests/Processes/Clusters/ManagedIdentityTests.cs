using Crust.Client;
using Crust.Client.Membership;
using Crust.Grains.Abstractions;
using Crust.Tests.Cluster;
using Crust.Tests.Cluster.Servers;
using Crust.Tests.Cluster.Tls;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>The azure profile without a key: the account's address, and the identity that the host has.</summary>
[Trait("speed", "slow")]
public sealed class ManagedIdentityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Silo_StoresWithTheIdentityOfItsHost_AndWhatItTookOutlivesIt()
    {
        using var authority = new TestAuthority("storage");
        var (certificate, key) = authority.Issue("localhost");
        await using var storage = new AzuriteServer(_folder.Write("cert.pem", certificate), _folder.Write("key.pem", key));
        storage.Require();
        await storage.StartAsync();
        await using var tokens = new TokenServer(StorageServer.FreePort());
        string[] surroundings = ["env", $"SSL_CERT_FILE={_folder.Write("ca.pem", authority.Pem)}", .. tokens.Variables];
        using var peer = new TestPeer();
        var record = peer.Record(1, DateTimeOffset.UtcNow);

        await using (var silo = StartSilo(surroundings, storage.Connection))
        {
            await using var client = await ConnectAsync(silo);
            (await client.RegisterAsync(record, CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);
            tokens.Given.Should().BePositive();
            await silo.KillAsync();
        }

        await using var next = StartSilo(surroundings, storage.Connection);
        await using var after = await ConnectAsync(next);
        await Eventually.HoldsAsync(() => after.GetRecordAsync(peer.Id, CancellationToken.None), reply => reply.Value?.SequenceEqual(record) == true, "the record is there", TimeSpan.FromSeconds(90));
    }

    private CrustProcess StartSilo(string[] surroundings, string connection) => CrustProcess.SiloThrough(
        _folder, surroundings, "--profile", ClusterProfile.Azure, "--connection", connection, "--network", "cluster-tests", "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--json");

    private static async Task<CrustClusterClient> ConnectAsync(CrustProcess silo)
    {
        var options = new CrustClientOptions { Network = "cluster-tests" };
        options.EndPoints.Add($"127.0.0.1:{(await silo.EventAsync("ready")).Number("gatewayPort")}");
        var client = new CrustClusterClient(options);
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        return client;
    }
}
