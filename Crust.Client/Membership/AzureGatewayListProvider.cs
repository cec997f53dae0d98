using System.Globalization;
using System.Net;
using Azure.Data.Tables;
using Orleans.Messaging;

namespace Crust.Client.Membership;

/// <summary>
/// Finds silos in the membership table of the azure profile. It only reads, so that a gateway's credential can be one that cannot write (the official
/// provider creates the table).
/// </summary>
/// <param name="service">The storage account.</param>
/// <param name="clusterId">The partition.</param>
/// <param name="refreshPeriod">How old the list may be.</param>
internal sealed class AzureGatewayListProvider(TableServiceClient service, string clusterId, TimeSpan refreshPeriod) : IGatewayListProvider
{
    private static readonly string[] Columns = ["Address", "ProxyPort", "Generation"];

    private readonly TableClient _table = service.GetTableClient(AzureTables.MembershipTable);

    /// <inheritdoc/>
    public TimeSpan MaxStaleness => refreshPeriod;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<IList<Uri>> GetGateways()
    {
        var found = new List<Uri>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {clusterId} and Status eq {"Active"} and ProxyPort ne {"0"}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, select: Columns).ConfigureAwait(false))
        {
            if (IPAddress.TryParse(row.GetString("Address"), out var address)
                && ushort.TryParse(row.GetString("ProxyPort"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                && int.TryParse(row.GetString("Generation"), NumberStyles.None, CultureInfo.InvariantCulture, out var generation))
                found.Add(GatewayAddress.Of(new IPEndPoint(address, port), generation));
        }

        return found;
    }
}
