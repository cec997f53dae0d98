namespace Crust.Silo.Status;

/// <summary>What the status page and <c>/status.json</c> tell.</summary>
/// <param name="IsHealthy">True while grains answer and storage does.</param>
/// <param name="Version">Crust's version.</param>
/// <param name="Network">The network's name.</param>
/// <param name="UptimeSeconds">Since this silo started.</param>
/// <param name="PeersAttached">Peers in all zones' tables.</param>
/// <param name="Profile">Where state is kept: <c>embedded</c>, <c>azure</c> or <c>redis</c>.</param>
/// <param name="Silos">Silos that are active, as this one sees it.</param>
/// <param name="RecordsStored">Records in storage, expired ones included; null where silos share storage, and nobody counts.</param>
/// <param name="Storage"><c>ok</c>, or why the last operation failed.</param>
/// <param name="Grains"><c>ok</c>, or that the directory did not answer.</param>
/// <param name="Gateways">The live ones.</param>
internal sealed record ClusterStatus(
    bool IsHealthy,
    string Version,
    string Network,
    long UptimeSeconds,
    int PeersAttached,
    string Profile,
    int Silos,
    long? RecordsStored,
    string Storage,
    string Grains,
    IReadOnlyList<GatewayStatus> Gateways);

/// <summary>A live gateway, as the status page tells it.</summary>
/// <param name="Id">Its peer id.</param>
/// <param name="Addresses">Where peers reach it.</param>
/// <param name="Region">The operator's word.</param>
/// <param name="Load">Peers attached to it.</param>
/// <param name="Draining">True when it takes no new peers.</param>
/// <param name="LastHeardSeconds">Seconds since its last heartbeat.</param>
internal sealed record GatewayStatus(string Id, IReadOnlyList<string> Addresses, string Region, int Load, bool Draining, double LastHeardSeconds);
