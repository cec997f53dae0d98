namespace Crust.Tests.Older.Contracts;

/// <summary>A shard's answer to a batch of reports.</summary>
/// <param name="Results">One for each report, in order.</param>
[GenerateSerializer, Alias("crust.BootstrapReply"), Immutable]
public sealed record BootstrapReply([property: Id(0)] BootstrapResult[] Results);
