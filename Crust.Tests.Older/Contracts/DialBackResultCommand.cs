namespace Crust.Tests.Older.Contracts;

/// <summary>What came of a <see cref="DialBackCommand"/>.</summary>
/// <param name="AttemptId">The command's.</param>
/// <param name="Outcomes">One for each address, in its order: the numbers of the gateway protocol's DialBackOutcome.</param>
[GenerateSerializer, Alias("crust.DialBackResultCommand"), Immutable]
public sealed record DialBackResultCommand([property: Id(0)] byte[] AttemptId, [property: Id(1)] byte[] Outcomes) : GatewayCommand;
