namespace Crust.Tests.Older.Contracts;


/// <summary>The live gateways and the zones at one time.</summary>
/// <param name="Version">Changes with every change but the times last heard. Never 0.</param>
/// <param name="Gateways">Those heard of in the last 10 seconds, ordered by id.</param>
/// <param name="ZoneEpochs">The epoch of each zone by its number; 0 while unknown.</param>
/// <param name="AttachedPeers">Peers in all zones' tables.</param>
[GenerateSerializer, Alias("crust.GatewayDirectorySnapshot"), Immutable]
public sealed record GatewayDirectorySnapshot(
    [property: Id(0)] ulong Version,
    [property: Id(1)] GatewayEntry[] Gateways,
    [property: Id(2)] ulong[] ZoneEpochs,
    [property: Id(3)] int AttachedPeers)
{
    /// <summary>What a gateway knows before the cluster answered.</summary>
    public static GatewayDirectorySnapshot Empty { get; } = new(0, [], new ulong[GrainKeys.ZoneCount], 0);
}
