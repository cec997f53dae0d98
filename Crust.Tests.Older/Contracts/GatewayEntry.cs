using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>A live gateway.</summary>
/// <param name="Gateway">Its peer id.</param>
/// <param name="Heartbeat">What it last said of itself.</param>
/// <param name="LastHeard">When it said so, by the directory's clock.</param>
/// <param name="Since">When the directory first heard of it without a gap. Another one than before tells the gateway that zones may have dropped its peers.</param>
[GenerateSerializer, Alias("crust.GatewayEntry"), Immutable]
public sealed record GatewayEntry(
    [property: Id(0)] PeerId Gateway,
    [property: Id(1)] GatewayHeartbeat Heartbeat,
    [property: Id(2)] DateTimeOffset LastHeard,
    [property: Id(3)] DateTimeOffset Since);
