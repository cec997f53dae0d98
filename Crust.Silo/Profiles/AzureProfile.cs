using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Crust.Client.Membership;
using Crust.Silo.Hosting;

namespace Crust.Silo.Profiles;

/// <summary>Several silos: grain state and membership in Azure Tables, by the official providers and in their layout.</summary>
/// <param name="service">The account, for membership.</param>
/// <param name="state">The account, for grain state: it gives up sooner.</param>
internal sealed class AzureProfile(TableServiceClient service, TableServiceClient state) : ISiloProfile
{
    /// <inheritdoc/>
    public string Name => ClusterProfile.Azure;

    /// <inheritdoc/>
    public string Place => $"{service.Uri.GetLeftPart(UriPartial.Path)}";

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => [];

    /// <summary>Makes the tables, which also tells whether the account is there and lets us in.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var table in (string[])[AzureTables.StateTable, AzureTables.MembershipTable])
                await service.CreateTableIfNotExistsAsync(table, cancellationToken);
        }
        catch (Exception e) when (e is RequestFailedException or AuthenticationFailedException or AggregateException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var first = e is AggregateException many ? many.Flatten().InnerExceptions[0] : e;
            var code = first is RequestFailedException { ErrorCode: { } known } ? $"{known}: " : "";
            throw new SiloStartException($"The tables of {service.AccountName} at {service.Uri.Authority} cannot be used: {code}{first.Message.Split('\n')[0].TrimEnd()}", e);
        }
    }

    /// <inheritdoc/>
    public void Configure(ISiloBuilder silo, SiloAddresses addresses)
    {
        silo.UseAzureStorageClustering(membership => membership.TableServiceClient = service);
        silo.AddGuardedStorage((name, serializer) => silo.AddAzureTableGrainStorage(name, options => options.Configure<IServiceProvider>((storage, services) =>
        {
            storage.TableServiceClient = state;
            storage.TableName = AzureTables.StateTable;
            storage.DeleteStateOnClear = true;
            storage.UseStringFormat = false;
            storage.GrainStorageSerializer = serializer(services);
        })));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
