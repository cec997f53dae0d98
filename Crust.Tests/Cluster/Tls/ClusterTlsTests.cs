using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Crust.Client;
using Crust.Client.Tls;
using Crust.Silo;
using Crust.Tests.Processes;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Crust.Tests.Cluster.Tls;

public sealed class ClusterTlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _next = new("next");

    public void Dispose()
    {
        _ours.Dispose();
        _next.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task ASilo_TalksOnlyWithWhomItsAuthoritySigned()
    {
        await using var silo = await StartAsync(Silo(_ours));
        await ReachesAsync(silo, Gateway(_ours, "gateway"));

        await IsRefusedAsync(silo.GatewayPort, null, isPlain: true);
        await IsRefusedAsync(silo.GatewayPort, null);
        await IsRefusedAsync(silo.GatewayPort, Gateway(_next, "foreign"));
        await IsRefusedAsync(silo.GatewayPort, new CertificateFiles(_folder, "server-only", _ours.Issue("gateway", client: false), _ours.Pem));
        await IsRefusedAsync(silo.SiloPort, null, isPlain: true);
        await IsRefusedAsync(silo.SiloPort, Gateway(_ours, "gateway-as-silo"));
        await ReachesAsync(silo, Gateway(_ours, "gateway"));
    }

    [Fact]
    public async Task AGateway_TalksToNoSilo_ThatItsAuthorityDidNotSignAsOne()
    {
        // To show that it did not connect, the client's log is asked for the reason.
        foreach (var (name, files) in new[] { ("foreign", Silo(_next)), ("nameless", new CertificateFiles(_folder, "nameless", _ours.Issue("gateway"), _ours.Pem)) })
        {
            await using var silo = await StartAsync(files, trusted: _ours.Pem);
            using var log = new RecordingLoggerFactory();
            var gateway = Gateway(_ours, $"gateway-at-{name}");
            await using var client = Connect(silo, gateway.Options, log);
            await Eventually.HoldsAsync(() => log.Lines.Any(line => line.Contains("is refused", StringComparison.Ordinal)), "the client says why");
            client.HasConnected.Should().BeFalse();
        }
    }

    [Fact]
    public async Task RenewedCertificates_CountWithoutARestart_AndBrokenOnesDoNot()
    {
        var files = Silo(_ours);
        await using var silo = await StartAsync(files);
        await ReachesAsync(silo, Gateway(_ours, "before"));
        await IsRefusedAsync(silo.GatewayPort, Gateway(_next, "after"));

        // Half a renewal: the key is another's.
        files.Replace((_next.Issue(ClusterTlsOptions.DefaultSiloName).Certificate, _next.Issue(ClusterTlsOptions.DefaultSiloName).Key), _next.Pem);
        await IsRefusedAsync(silo.GatewayPort, Gateway(_next, "after"));
        await ReachesAsync(silo, Gateway(_ours, "before"));

        files.Replace(_next.Issue(ClusterTlsOptions.DefaultSiloName), _next.Pem);
        await ReachesAsync(silo, Gateway(_next, "after"));
        await IsRefusedAsync(silo.GatewayPort, Gateway(_ours, "before"));
    }

    [Fact]
    public async Task FilesThatDoNotFit_AreRefusedAtTheStart()
    {
        var files = Silo(_ours);
        File.WriteAllText(files.Options.KeyFile, _next.Issue("x").Key);
        (await FluentActions.Awaiting(() => StartAsync(files)).Should().ThrowAsync<SiloStartException>()).Which.Message.Should().Contain(files.Options.CertificateFile).And.NotContain("\n");
        File.Delete(files.Options.KeyFile);
        (await FluentActions.Awaiting(() => StartAsync(files)).Should().ThrowAsync<SiloStartException>()).Which.Message.Should().Contain(files.Options.KeyFile);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task AnOperatorsCommand_ReachesTheCluster_AsTheGatewaysFileSays()
    {
        await using var silo = await StartAsync(Silo(_ours));
        var tls = Gateway(_ours, "operator").Options;
        var file = _folder.Write("gateway.json", System.Text.Json.JsonSerializer.Serialize(new
        {
            cluster = new[] { $"127.0.0.1:{silo.GatewayPort}" }, network = "cluster-tests", tlsCertificate = tls.CertificateFile, tlsKey = tls.KeyFile, tlsAuthority = tls.AuthorityFile, tcpPort = 4000,
        }));
        await using var admin = CrustProcess.Crust(_folder, "admin", "list", "--config", file, "--json");
        (await admin.ExitAsync()).Should().Be(0, admin.ToString());
        admin.Events.Should().ContainSingle().Which.Number("banned").Should().Be(0);
    }

    private CertificateFiles Silo(TestAuthority authority) => new(_folder, "silo", authority.Issue(ClusterTlsOptions.DefaultSiloName), authority.Pem);

    private CertificateFiles Gateway(TestAuthority authority, string name) => new(_folder, name, authority.Issue(name, server: false), authority.Pem);

    private async Task<SiloHost> StartAsync(CertificateFiles files, string? trusted = null)
    {
        if (trusted is not null)
            File.WriteAllText(files.Options.AuthorityFile, trusted);
        return await SiloHost.StartAsync(
            new SiloOptions
            {
                Connection = _folder.PathOf("data"), Network = "cluster-tests", SiloPort = 0, GatewayPort = 0, Http = new IPEndPoint(IPAddress.Loopback, 0), Tls = files.Options, LogLevel = LogLevel.None,
            },
            CancellationToken.None);
    }

    private static CrustClusterClient Connect(SiloHost silo, ClusterTlsOptions tls, ILoggerFactory? log = null) =>
        new(new CrustClientOptions { Network = "cluster-tests", EndPoints = { $"127.0.0.1:{silo.GatewayPort}" }, Tls = tls }, log);

    private static async Task ReachesAsync(SiloHost silo, CertificateFiles files)
    {
        await using var client = Connect(silo, files.Options);
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        (await client.ListGatewaysAsync(CancellationToken.None)).IsAvailable.Should().BeTrue();
    }

    /// <summary>The silo ends the connection: nothing but the certificate is amiss.</summary>
    private static async Task IsRefusedAsync(int port, CertificateFiles? files, bool isPlain = false)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, port);
        await using Stream stream = isPlain ? connection.GetStream() : new SslStream(connection.GetStream());
        using var patience = new CancellationTokenSource(Eventually.Soon);
        var read = -1;
        try
        {
            if (stream is SslStream tls)
            {
                await tls.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = ClusterTlsOptions.DefaultSiloName,
                        ApplicationProtocols = [new SslApplicationProtocol("Orleans1")],
                        ClientCertificates = files is null ? null : [files.Load()],
                        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
                    },
                    patience.Token);
            }
            else
            {
                await stream.WriteAsync(new byte[64], patience.Token);
            }

            read = await stream.ReadAsync(new byte[1], patience.Token);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            read = 0;
        }

        read.Should().Be(0, "it is refused");
    }
}
