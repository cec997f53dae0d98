using System.Net;
using Crust.Client.Membership;
using Crust.Silo.Hosting;
using Crust.Silo.Storage;

namespace Crust.Silo.Profiles;

/// <summary>One silo: its own membership table, and SQLite in a folder.</summary>
internal sealed class EmbeddedProfile(string folder) : ISiloProfile
{
    private SqliteDatabase? _database;

    /// <inheritdoc/>
    public string Name => ClusterProfile.Embedded;

    /// <inheritdoc/>
    public string Place => folder;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => [];

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken)
    {
        _database = SqliteDatabase.Open(folder);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Configure(ISiloBuilder silo, SiloAddresses addresses)
    {
        silo.UseLocalhostClustering(
            addresses.SiloPort, addresses.GatewayPort, new IPEndPoint(addresses.Advertised, addresses.SiloPort), CrustSiloExtensions.ClusterName, CrustSiloExtensions.ClusterName);
        silo.AddSqliteStorage(_database!);
    }

    /// <summary>Makes the storage, which owns the database from now on.</summary>
    public void Attach(IServiceProvider services) => services.GetRequiredService<SqliteGrainStorage>();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _database?.Dispose();
        return ValueTask.CompletedTask;
    }
}
