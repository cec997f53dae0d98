using System.Net;
using Crust.Client;
using Crust.Client.Membership;
using Crust.Silo;
using Crust.Tests.Cluster.Servers;
using Crust.Tests.Processes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>What one profile's tests run on: its real storage, and silos in this process.</summary>
public abstract class ProfileWorld : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloHost> _silos = [];

    /// <summary>Its name.</summary>
    internal abstract string Profile { get; }

    /// <summary>The storage's process; null where the silo is its own.</summary>
    internal virtual StorageServer? Server => null;

    /// <summary>The silo that tests share.</summary>
    internal SiloHost Silo { get; private set; } = null!;

    /// <summary>What silos are given as connection.</summary>
    internal string Connection => Server?.Connection ?? _folder.PathOf("silo");

    /// <summary>True when several silos make one cluster.</summary>
    internal bool HasSeveralSilos => Server is not null;

    public async ValueTask InitializeAsync()
    {
        if (Server is { IsInstalled: false })
            return;
        if (Server is not null)
            await Server.StartAsync();
        Silo = await StartAsync();
    }

    /// <summary>Itself; skips the test when it could not be started for want of its storage.</summary>
    internal ProfileWorld Required()
    {
        Server?.Require();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Enumerable.Reverse(_silos))
            await silo.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a silo; of the embedded profile only one runs at a time.</summary>
    internal async Task<SiloHost> StartAsync(string clusterId = SiloOptions.DefaultClusterId, string? connection = null)
    {
        var silo = await SiloHost.StartAsync(Options(clusterId) with { Connection = connection ?? Connection }, CancellationToken.None);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Stops a silo as an operator does.</summary>
    internal async Task StopAsync(SiloHost silo)
    {
        _silos.Remove(silo);
        await silo.DisposeAsync();
    }

    /// <summary>Stops the shared silo and starts another on the same storage.</summary>
    internal async Task RestartAsync()
    {
        await StopAsync(Silo);
        Silo = await StartAsync();
    }

    /// <summary>A client as a gateway has it: it finds the silos by the profile's membership, or, where that is nowhere to be read, by address.</summary>
    internal CrustClusterClient Connect(string clusterId = SiloOptions.DefaultClusterId)
    {
        var options = new CrustClientOptions { Network = "cluster-tests", ClusterId = clusterId, GatewayListRefreshPeriod = TimeSpan.FromSeconds(1) };
        if (HasSeveralSilos)
            (options.Profile, options.Connection) = (Profile, Connection);
        else
            options.EndPoints.Add($"{Silo.GatewayEndPoint}");
        return new CrustClusterClient(options);
    }

    private SiloOptions Options(string clusterId) => new()
    {
        Profile = Profile,
        Connection = Connection,
        ClusterId = clusterId,
        Network = "cluster-tests",
        SiloPort = 0,
        GatewayPort = 0,
        Http = new IPEndPoint(IPAddress.Loopback, 0),
        LogLevel = LogLevel.None,
    };
}
