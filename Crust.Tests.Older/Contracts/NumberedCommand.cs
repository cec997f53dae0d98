namespace Crust.Tests.Older.Contracts;


/// <summary>A command in a mailbox.</summary>
/// <param name="Number">1 for the first of a mailbox epoch, without gaps.</param>
/// <param name="Command">What to do.</param>
[GenerateSerializer, Alias("crust.NumberedCommand"), Immutable]
public readonly record struct NumberedCommand([property: Id(0)] ulong Number, [property: Id(1)] GatewayCommand Command);
