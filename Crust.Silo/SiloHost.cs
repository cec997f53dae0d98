using System.Net;
using Crust.Client;
using Crust.Identity;
using Crust.Silo.Hosting;
using Crust.Silo.Status;
using Crust.Silo.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orleans.Configuration;

namespace Crust.Silo;

/// <summary>
/// A running silo of the embedded profile with its status page, in this process: what the command runs, and what a demonstration or test can run beside
/// other things. Dispose of it to stop; grains are written and the database closed.
/// </summary>
public sealed class SiloHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloHost(WebApplication application, SiloOptions options, int siloPort, int gatewayPort)
    {
        _application = application;
        Network = NetworkId.FromName(options.Network);
        DataFolder = options.DataFolder;
        SiloPort = siloPort;
        GatewayEndPoint = new IPEndPoint(options.Advertise ?? options.Listen, gatewayPort);
        HttpEndPoint = ActualEndPoint(application, options.Http);
        application.Lifetime.ApplicationStopped.Register(() => _stopped.TrySetResult());
    }

    /// <summary>The network that it serves.</summary>
    public NetworkId Network { get; }

    /// <summary>Where its database is.</summary>
    public string DataFolder { get; }

    /// <summary>The port that silos talk on.</summary>
    public int SiloPort { get; }

    /// <summary>Where Orleans clients connect to.</summary>
    public IPEndPoint GatewayEndPoint { get; }

    /// <summary>The port that Orleans clients connect to.</summary>
    public int GatewayPort => GatewayEndPoint.Port;

    /// <summary>Where the status page is.</summary>
    public IPEndPoint HttpEndPoint { get; }

    /// <summary>The status page's address.</summary>
    public Uri StatusPage => new($"http://{HttpEndPoint}/");

    /// <summary>The silo's own services, for what runs in the same process.</summary>
    public IServiceProvider Services => _application.Services;

    /// <summary>Completes when the silo has stopped, by itself or by <see cref="DisposeAsync"/>.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Starts a silo; returns when it answers.</summary>
    /// <exception cref="SiloStartException">A port is in use, the data folder or database cannot be used, or the profile does not exist.</exception>
    public static async Task<SiloHost> StartAsync(SiloOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Profile != SiloOptions.EmbeddedProfile)
            throw new SiloStartException($"There is no profile '{options.Profile}' in this version: use '{SiloOptions.EmbeddedProfile}'.");
        if (options.Advertise is null && (options.Listen.Equals(IPAddress.Any) || options.Listen.Equals(IPAddress.IPv6Any)))
            throw new SiloStartException($"A silo that listens on {options.Listen} must be told which address to advertise to others.");
        var siloPort = SiloPorts.Take(options.Listen, options.SiloPort, "silo");
        var gatewayPort = SiloPorts.Take(options.Listen, options.GatewayPort, "Orleans gateway");
        if (options.Http.Port != 0)
            SiloPorts.Take(options.Http.Address, options.Http.Port, "status page's");
        var database = SqliteDatabase.Open(options.DataFolder);
        WebApplication? application = null;
        try
        {
            application = Build(options, siloPort, gatewayPort, database);
            // Makes the storage, which owns the database from now on.
            application.Services.GetRequiredService<SqliteGrainStorage>();
            await application.StartAsync(cancellationToken);
            return new SiloHost(application, options, siloPort, gatewayPort);
        }
        catch (Exception e)
        {
            if (application is not null)
                await application.DisposeAsync();
            database.Dispose();
            if (e is OperationCanceledException or SiloStartException)
                throw;
            throw new SiloStartException($"The silo cannot start: {e.GetBaseException().Message}", e);
        }
    }

    /// <summary>A client on this silo's own grain factory: no connection, nothing to dispose of.</summary>
    public CrustClusterClient CreateClient() =>
        new(Services.GetRequiredService<IGrainFactory>(), Network, Services.GetRequiredService<ILoggerFactory>(), Services.GetRequiredService<TimeProvider>());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15)))
            await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
        _stopped.TrySetResult();
    }

    private static WebApplication Build(SiloOptions options, int siloPort, int gatewayPort, SqliteDatabase database)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Http);
        });
        // To stderr: stdout belongs to the events.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(options.LogLevel);
        // While the silo stops, calls that find no grain any more are retried and told with stack traces, by Orleans and by the grains that made them.
        var stopping = CancellationToken.None;
        if (options.LogLevel >= LogLevel.Warning)
        {
            builder.Logging.AddFilter("Polly", LogLevel.None);
            builder.Logging.AddFilter("Orleans.Messaging", LogLevel.Critical);
            builder.Logging.AddFilter("Orleans", level => level >= options.LogLevel && (level == LogLevel.Critical || !stopping.IsCancellationRequested));
            builder.Logging.AddFilter("Crust.Grains", level => level >= options.LogLevel && (level >= LogLevel.Error || !stopping.IsCancellationRequested));
        }

        // Its first round takes the time since the machine started for a delay, and warns of a deadlock at every start.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new StatusSource.Silo(NetworkId.FromName(options.Network), options.Network, siloPort, gatewayPort));
        builder.Services.AddSingleton<StatusSource>();
        builder.Host.UseOrleans(silo =>
        {
            var advertised = options.Advertise ?? options.Listen;
            // One silo: it is its own membership table, at its own address.
            silo.UseLocalhostClustering(siloPort, gatewayPort, new IPEndPoint(advertised, siloPort), CrustSiloExtensions.ClusterName, CrustSiloExtensions.ClusterName);
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.AdvertisedIPAddress = advertised;
                endpoint.SiloListeningEndpoint = new IPEndPoint(options.Listen, siloPort);
                endpoint.GatewayListeningEndpoint = new IPEndPoint(options.Listen, gatewayPort);
            });
            silo.AddCrust(NetworkId.FromName(options.Network), options.Operators);
            silo.AddSqliteStorage(database);
        });
        var application = builder.Build();
        stopping = application.Lifetime.ApplicationStopping;
        application.UseRouting();
        StatusPages.Map(application, options.Http.Address);
        return application;
    }

    private static IPEndPoint ActualEndPoint(WebApplication application, IPEndPoint asked)
    {
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new IPEndPoint(asked.Address, new Uri(address).Port);
    }
}
