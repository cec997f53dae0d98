using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Silo.Storage;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

[Trait("speed", "slow")]
public sealed class SiloProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crust-silo-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task KillDuringWrites_KeepsEveryAcknowledgedRecord_AndTheSameClientAndLinkGoOn()
    {
        var acknowledged = new ConcurrentDictionary<PeerId, byte[]>();
        using var kept = new TestPeer();
        var silo = await SiloProcess.StartAsync(_folder);
        await using var client = Connect(silo.GatewayPort);
        await using var gateway = new TestGateway(client);
        await Eventually.HoldsAsync(() => gateway.Link.IsClusterReachable, "the link reaches the cluster");
        (await gateway.AttachAsync(kept, 5)).Should().Be(AttachOutcome.Attached);

        using (var stop = new CancellationTokenSource())
        {
            var writers = Enumerable.Range(0, 32).Select(_ => Task.Run(() => WriteAsync(client, acknowledged, stop.Token))).ToArray();
            await Eventually.HoldsAsync(() => acknowledged.Count > 200, "200 records are acknowledged");
            await silo.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        // Readable, and nobody else holds it: opening checks every page.
        SqliteDatabase.Open(_folder).Dispose();
        await Eventually.HoldsAsync(() => !gateway.Link.IsClusterReachable, "the link notices");
        (await gateway.Link.FindAsync(kept.Id, CancellationToken.None)).Status.Should().Be(FindStatus.Stale);
        using var late = new TestPeer();
        (await gateway.AttachAsync(late, 5)).Should().Be(AttachOutcome.Unavailable);

        await using var again = await SiloProcess.StartAsync(_folder, silo.SiloPort, silo.GatewayPort);
        await silo.DisposeAsync();
        await Eventually.HoldsAsync(() => gateway.Link.IsClusterReachable, "the link comes back by itself");
        foreach (var (peer, record) in acknowledged)
            (await client.GetRecordAsync(peer, CancellationToken.None)).Value.Should().Equal(record);
        foreach (var peer in new[] { kept, late })
        {
            await Eventually.HoldsAsync(
                async () => (await client.FindAsync(peer.Id, CancellationToken.None)).Value,
                lookup => lookup is { SignedRecord: not null, Presence: not null }, "peers are announced and registered again");
        }
    }

    [Fact]
    public async Task Client_StartsBeforeTheSilo_AndReportsUnavailableUntilThen()
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        await using var client = Connect(gatewayPort);
        using var peer = new TestPeer();
        var record = peer.Record(1, DateTimeOffset.UtcNow);
        (await client.RegisterAsync(record, CancellationToken.None)).IsAvailable.Should().BeFalse();
        await using var silo = await SiloProcess.StartAsync(_folder, siloPort, gatewayPort);
        await Eventually.HoldsAsync(
            () => client.RegisterAsync(record, CancellationToken.None), reply => reply.Value is RegisterResult.Accepted or RegisterResult.Unchanged && reply.IsAvailable, "the record is taken");

        using var http = new HttpClient { BaseAddress = silo.Status };
        (await http.GetStringAsync("status.json")).Should().Contain("\"recordsStored\":1");
        (await http.GetAsync("health")).StatusCode.Should().Be(HttpStatusCode.OK);
        var page = await http.GetAsync("");
        page.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        page.Headers.GetValues("Content-Security-Policy").Single().Should().StartWith("default-src 'none'");
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "");
        rebound.Headers.Host = "evil.example";
        (await http.SendAsync(rebound)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Mistakes_EndWithOneClearLine()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await EndsAsync(1, $"The silo port {port} on 127.0.0.1 is in use.", "--connection", _folder, "--silo-port", $"{port}");
        await EndsAsync(2, "There is no profile 'mongo': use embedded, azure or redis.", "--profile", "mongo");
        await EndsAsync(1, "The azure profile needs a connection", "--profile", "azure", "--silo-port", "0", "--gateway-port", "0", "--http", "0");
        await EndsAsync(1, "Redis at 127.0.0.1:1 does not answer", "--profile", "redis", "--connection", "127.0.0.1:1", "--silo-port", "0", "--gateway-port", "0", "--http", "0");
        await EndsAsync(1, "needs all of --tls-cert, --tls-key and --tls-ca", "--connection", _folder, "--tls-cert", "x.pem");
        File.WriteAllText(Path.Combine(_folder, "crust.db"), new string('x', 8192));
        await EndsAsync(1, "is damaged", "--connection", _folder, "--silo-port", "0", "--gateway-port", "0", "--http", "0");
    }

    private static async Task EndsAsync(int exitCode, string why, params string[] arguments)
    {
        var (code, output, error) = await SiloProcess.RunAsync(arguments);
        code.Should().Be(exitCode, error);
        error.TrimEnd().Should().Contain(why).And.NotContain("\n");
        output.Should().BeEmpty();
    }

    private static async Task WriteAsync(CrustClusterClient client, ConcurrentDictionary<PeerId, byte[]> acknowledged, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var peer = new TestPeer();
            var record = peer.Record(1, DateTimeOffset.UtcNow);
            try
            {
                if ((await client.RegisterAsync(record, stop)) is { IsAvailable: true, Value: RegisterResult.Accepted })
                    acknowledged[peer.Id] = record;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static CrustClusterClient Connect(int gatewayPort) =>
        new(new CrustClientOptions { Network = "cluster-tests", EndPoints = { $"127.0.0.1:{gatewayPort}" } });
}
