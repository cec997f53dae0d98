using Crust.Identity;
using Orleans.CodeGeneration;

namespace Crust.Tests.Older.Contracts;

/// <summary>
/// The live gateways of a network and the epochs of its zones. Nobody asks it per request: mailboxes call it every 2 seconds and hand
/// what they learn to their gateways. Key: <see cref="GrainKeys.Directory"/>.
/// </summary>
[Alias("crust.IGatewayDirectoryGrain"), Version(1)]
public interface IGatewayDirectoryGrain : IGrainWithStringKey
{
    /// <summary>A mailbox passes its gateway's heartbeat on, and gets the directory when it is another than <paramref name="knownVersion"/>.</summary>
    [Alias("Heartbeat")]
    Task<GatewayDirectorySnapshot?> HeartbeatAsync(PeerId gatewayId, GatewayHeartbeat heartbeat, ulong knownVersion);

    /// <summary>The directory as it is now.</summary>
    [Alias("GetSnapshot")]
    Task<GatewayDirectorySnapshot> GetSnapshotAsync();
}
