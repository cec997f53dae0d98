using Crust.Gateway.Cluster;

namespace Crust.Gateway.Server;

/// <summary>An attached peer with the connection that leads to it.</summary>
internal sealed class AttachedEntry(PeerConnection connection, AttachedPeer peer, byte[] signedRecord)
{
    internal PeerConnection Connection => connection;

    internal AttachedPeer Peer => peer;

    internal byte[] SignedRecord => signedRecord;
}
