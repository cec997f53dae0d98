using System.Net;
using Crust.Client.Membership;
using Crust.Client.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Crust.Client;

/// <summary>
/// The Orleans client and its life: it connects in the background, tries for ever, and after a loss finds its way back by itself. A host of its own keeps
/// its services out of the caller's container, and its start out of the caller's start.
/// </summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _connecting;
    private volatile IGrainFactory? _grains;

    internal ClusterConnection(CrustClientOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider)
    {
        _logger = loggerFactory.CreateLogger<ClusterConnection>();
        var certificates = options.Tls is null ? null : new ClusterCertificates(options.Tls, timeProvider) { Logger = _logger };
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(loggerFactory);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId;
            });
            client.Configure<ClientMessagingOptions>(messaging =>
            {
                messaging.ResponseTimeout = options.ResponseTimeout;
                messaging.LocalAddress = IPAddress.Loopback;
            });
            client.Configure<GatewayOptions>(gateway => gateway.GatewayListRefreshPeriod = options.GatewayListRefreshPeriod);
            // By a factory: what the container makes it disposes of.
            client.Services.AddSingleton(_ => FindSilos(options));
            if (certificates is not null)
                client.Configure<ClientConnectionOptions>(connections => connections.ConfigureConnection(link => link.UseClientTls(ClusterTls.ToSilo(certificates))));
            client.UseConnectionRetryFilter(new ConnectRetryFilter(options.ConnectRetryDelay, timeProvider).ShouldRetryConnectionAttempt);
        });
        _host = builder.Build();
        _connecting = ConnectAsync();
    }

    /// <summary>Null until connected for the first time.</summary>
    internal IGrainFactory? Grains => _grains;

    /// <summary>Completes when connected for the first time, or when disposed before that.</summary>
    internal Task Connecting => _connecting;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _connecting.ConfigureAwait(false);
        if (_grains is not null)
        {
            // A goodbye to the silos, which may be gone: it must not hold the caller for long.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await _host.StopAsync(patience.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or OrleansException or TimeoutException or AggregateException)
            {
                Log.NoAnswer(_logger, e.Message);
            }
        }

        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync().ConfigureAwait(false);
        else
            _host.Dispose();
        _stop.Dispose();
    }

    private IGatewayListProvider FindSilos(CrustClientOptions options) => options.Profile switch
    {
        ClusterProfile.Azure => new AzureGatewayListProvider(AzureTables.Connect(options.Connection!, options.Credential), options.ClusterId, options.GatewayListRefreshPeriod),
        ClusterProfile.Redis => new RedisGatewayListProvider(options.Connection!, options.ServiceId, options.ClusterId, options.GatewayListRefreshPeriod),
        _ => new EndPointGatewayListProvider([.. options.EndPoints], options.GatewayListRefreshPeriod, _logger),
    };

    private async Task ConnectAsync()
    {
        // Off the caller's thread: the first attempt resolves names and opens connections before it first awaits.
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _host.StartAsync(_stop.Token).ConfigureAwait(false);
                _grains = _host.Services.GetRequiredService<IClusterClient>();
                Log.Connected(_logger);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                Log.CannotStart(_logger, e.Message);
                return;
            }
        }
    }
}
