using Crust.Tests.Older.Contracts;

namespace Crust.Tests.Older.Grains.Bootstrap;

/// <summary>What is stored of a shard of the bootstrap cache. Its golden bytes are a test: older silos and files must stay readable.</summary>
[GenerateSerializer, Alias("crust.BootstrapState")]
internal sealed class BootstrapState
{
    /// <summary>All entries, also those that are told to nobody.</summary>
    [Id(0)]
    public BootstrapEntry[] Entries { get; set; } = [];
}
