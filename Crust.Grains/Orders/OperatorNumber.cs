using Crust.Identity;

namespace Crust.Grains.Orders;

/// <summary>The number of an operator's newest order.</summary>
/// <param name="Operator">Who.</param>
/// <param name="Number">The number.</param>
[GenerateSerializer, Alias("crust.OperatorNumber"), Immutable]
internal readonly record struct OperatorNumber([property: Id(0)] PeerId Operator, [property: Id(1)] ulong Number);
