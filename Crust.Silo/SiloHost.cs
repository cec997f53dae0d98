using System.Net;
using Crust.Client;
using Crust.Client.Tls;
using Crust.Identity;
using Crust.Silo.Hosting;
using Crust.Silo.Profiles;
using Crust.Silo.Status;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orleans.Configuration;

namespace Crust.Silo;

/// <summary>
/// A running silo with its status page, in this process: what the command runs, and what a demonstration or test can run beside other things. Dispose of it
/// to stop: its grains move to other silos, or are written and the database closed.
/// </summary>
public sealed class SiloHost : IAsyncDisposable
{
    private const string UnprovenGateways =
        "Gateways are believed without a proof (--accept-unproven-gateways): whoever reaches the Orleans ports can speak as any of them. Start the silos without it once every gateway is of this release.";

    private readonly WebApplication _application;
    private readonly ISiloProfile _profile;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloHost(WebApplication application, ISiloProfile profile, SiloOptions options, int siloPort, int gatewayPort)
    {
        _application = application;
        _profile = profile;
        Network = NetworkId.FromName(options.Network);
        DataFolder = options.DataFolder;
        Warnings = options.AcceptsUnprovenGateways ? [.. profile.Warnings, UnprovenGateways] : profile.Warnings;
        SiloPort = siloPort;
        GatewayEndPoint = new IPEndPoint(options.Advertise ?? options.Listen, gatewayPort);
        HttpEndPoint = ActualEndPoint(application, options.Http);
        application.Lifetime.ApplicationStopped.Register(() => _stopped.TrySetResult());
    }

    /// <summary>The network that it serves.</summary>
    public NetworkId Network { get; }

    /// <summary>Where the embedded profile's database is.</summary>
    public string DataFolder { get; }

    /// <summary>Where state is kept, for people: a folder or a host.</summary>
    public string Place => _profile.Place;

    /// <summary>What the operator must know at each start.</summary>
    public IReadOnlyList<string> Warnings { get; }

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
    /// <exception cref="SiloStartException">A port is in use, storage or a certificate cannot be used, or the profile does not exist.</exception>
    public static async Task<SiloHost> StartAsync(SiloOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        await using var scope = new Undo();
        var profile = scope.Add(SiloProfiles.Create(options));
        if (options.Advertise is null && (options.Listen.Equals(IPAddress.Any) || options.Listen.Equals(IPAddress.IPv6Any)))
            throw new SiloStartException($"A silo that listens on {options.Listen} must be told which address to advertise to others.");
        var siloPort = SiloPorts.Take(options.Listen, options.SiloPort, "silo");
        var gatewayPort = SiloPorts.Take(options.Listen, options.GatewayPort, "Orleans gateway");
        if (options.Http.Port != 0)
            SiloPorts.Take(options.Http.Address, options.Http.Port, "status page's");
        try
        {
            await profile.PrepareAsync(cancellationToken);
            var application = scope.Add(Build(options, profile, new SiloAddresses(options.Advertise ?? options.Listen, siloPort, gatewayPort)));
            profile.Attach(application.Services);
            await application.StartAsync(cancellationToken);
            var host = new SiloHost(application, profile, options, siloPort, gatewayPort);
            scope.Forget();
            return host;
        }
        catch (Exception e) when (e is not (OperationCanceledException or SiloStartException))
        {
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
        await _profile.DisposeAsync();
        _stopped.TrySetResult();
    }

    private static WebApplication Build(SiloOptions options, ISiloProfile profile, SiloAddresses addresses)
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
        builder.Services.AddSingleton(new StatusSource.Silo(NetworkId.FromName(options.Network), options.Network, profile.Name));
        builder.Services.AddSingleton<StatusSource>();
        builder.Host.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, CrustSiloExtensions.ClusterName));
            profile.Configure(silo, addresses);
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.AdvertisedIPAddress = addresses.Advertised;
                (endpoint.SiloPort, endpoint.GatewayPort) = (addresses.SiloPort, addresses.GatewayPort);
                endpoint.SiloListeningEndpoint = new IPEndPoint(options.Listen, addresses.SiloPort);
                endpoint.GatewayListeningEndpoint = new IPEndPoint(options.Listen, addresses.GatewayPort);
            });
            silo.AddCrust(NetworkId.FromName(options.Network), options.Operators, options.AcceptsUnprovenGateways);
            if (options.Tls is not null)
                silo.AddTls(Certificates(options.Tls));
        });
        var application = builder.Build();
        stopping = application.Lifetime.ApplicationStopping;
        application.UseRouting();
        StatusPages.Map(application, options.Http.Address);
        return application;
    }

    private static ClusterCertificates Certificates(ClusterTlsOptions options)
    {
        try
        {
            return new ClusterCertificates(options, TimeProvider.System);
        }
        catch (InvalidDataException e)
        {
            throw new SiloStartException(e.Message, e);
        }
    }

    private static IPEndPoint ActualEndPoint(WebApplication application, IPEndPoint asked)
    {
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new IPEndPoint(asked.Address, new Uri(address).Port);
    }
}
