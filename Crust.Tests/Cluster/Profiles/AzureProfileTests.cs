using Azure.Data.Tables;
using Crust.Client.Membership;
using Crust.Tests.Cluster.Servers;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

[Trait("speed", "slow")]
public sealed class AzureProfileTests(AzureWorld world, ITestOutputHelper output) : SharedStorageConformance(world, output), IClassFixture<AzureWorld>
{
    /// <summary>A <c>PeerState</c> of the record 1, 2, 3 with sequence 10, as Orleans' serializer writes it.</summary>
    private const string Golden = "2040070102030115e0";

    private TableServiceClient Service => AzureTables.Connect(World.Connection, null);

    /// <summary>The layout of the official package: what was written once must stay readable, and others' tools rely on it.</summary>
    [Fact]
    public async Task ARow_IsAsItAlwaysWas_AndOneOfOldIsRead()
    {
        var table = Service.GetTableClient("OrleansGrainState");
        var id = NewId();
        await WriteAsync(id, 10);
        TableEntity row = await table.GetEntityAsync<TableEntity>($"crust_peer_{id.Key}", "record");
        row.Keys.Except(["odata.etag", "PartitionKey", "RowKey", "Timestamp"]).Should().Equal("Data");
        Convert.ToHexStringLower(row.GetBinary("Data")).Should().Be(Golden);

        var old = NewId();
        await table.AddEntityAsync(new TableEntity($"crust_peer_{old.Key}", "record") { ["Data"] = Convert.FromHexString(Golden) });
        var read = await ReadAsync(old);
        (read.RecordExists, read.State!.Sequence).Should().Be((true, 10UL));
        read.State.SignedRecord.Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task TheMembership_IsOnePartition_WithAVersionRow()
    {
        var rows = new List<TableEntity>();
        await foreach (var row in Service.GetTableClient("OrleansSiloInstances").QueryAsync<TableEntity>(row => row.PartitionKey == "crust"))
            rows.Add(row);
        int.Parse(rows.Single(row => row.RowKey == "VersionRow").GetString("MembershipVersion"), System.Globalization.CultureInfo.InvariantCulture).Should().BePositive();
        var silo = rows.Single(row => row.RowKey.StartsWith($"127.0.0.1-{World.Silo.SiloPort}-", StringComparison.Ordinal));
        (silo.GetString("Status"), silo.GetString("ProxyPort")).Should().Be(("Active", $"{World.Silo.GatewayPort}"));
    }

    private protected override async Task<int> MembersAsync(StorageServer server) => await Members(server).QueryAsync<TableEntity>(row => row.PartitionKey == "crust").CountAsync();

    private protected override async Task ForgetMembersAsync(StorageServer server)
    {
        await foreach (var row in Members(server).QueryAsync<TableEntity>(row => row.PartitionKey == "crust"))
            await Members(server).DeleteEntityAsync(row.PartitionKey, row.RowKey);
    }

    private static TableClient Members(StorageServer server) => AzureTables.Connect(server.Connection, null).GetTableClient("OrleansSiloInstances");
}
