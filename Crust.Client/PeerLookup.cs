using Crust.Grains.Abstractions;

namespace Crust.Client;

/// <summary>What the cluster knows of a peer.</summary>
/// <param name="SignedRecord">Its newest signed record; null when there is none or it expired. Verify it: the cluster is not believed.</param>
/// <param name="Presence">Where it is attached; null when it is not.</param>
/// <param name="Gateway">The gateway it is attached to, with its addresses; null when not attached, or when the directory does not list it (yet).</param>
public sealed record PeerLookup(byte[]? SignedRecord, PeerPresence? Presence, GatewayEntry? Gateway);
