using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>One process of a gateway.</summary>
/// <param name="Gateway">The gateway's peer id.</param>
/// <param name="Epoch">Start of its process, Unix milliseconds.</param>
[GenerateSerializer, Alias("crust.GatewayLife"), Immutable]
public readonly record struct GatewayLife([property: Id(0)] PeerId Gateway, [property: Id(1)] ulong Epoch);
