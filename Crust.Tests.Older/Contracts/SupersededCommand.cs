using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>An attached peer lost to a newer process with the same identity, which attached elsewhere.</summary>
/// <param name="Peer">The attached peer.</param>
/// <param name="ByEpoch">The winner's epoch; an attachment with this or a newer epoch stays.</param>
[GenerateSerializer, Alias("crust.SupersededCommand"), Immutable]
public sealed record SupersededCommand([property: Id(0)] PeerId Peer, [property: Id(1)] ulong ByEpoch) : GatewayCommand;
