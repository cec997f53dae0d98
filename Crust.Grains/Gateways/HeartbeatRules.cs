using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Grains.Gateways;

/// <summary>What a heartbeat may say.</summary>
internal static class HeartbeatRules
{
    /// <summary>True when every address is the gateway's own, and nothing is longer than it may be.</summary>
    internal static bool IsValid(PeerId gateway, GatewayHeartbeat heartbeat) =>
        heartbeat is { Epoch: > 0, AttachedPeers: >= 0, Region.Length: <= GatewayHeartbeat.MaxRegionLength, Addresses.Length: <= GatewayHeartbeat.MaxAddresses }
        && Array.TrueForAll(heartbeat.Addresses, text => PeerAddress.TryParse(text, out var address) && address.Peer == gateway);
}
