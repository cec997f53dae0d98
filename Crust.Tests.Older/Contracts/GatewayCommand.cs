namespace Crust.Tests.Older.Contracts;


/// <summary>Something a gateway is asked to do. Unknown kinds are dropped by the gateway.</summary>
[GenerateSerializer, Alias("crust.GatewayCommand"), Immutable]
public abstract record GatewayCommand;
