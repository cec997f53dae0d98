using Crust.Gateway.Cluster;

namespace Crust.Gateway.Server;

/// <summary>An attached peer with the connection that leads to it.</summary>
internal sealed class AttachedEntry(PeerConnection connection, AttachedPeer peer, byte[] signedRecord, bool takesCircuits = false)
{
    internal PeerConnection Connection => connection;

    internal AttachedPeer Peer => peer;

    internal byte[] SignedRecord => signedRecord;

    /// <summary>Whether circuits may be opened to it.</summary>
    internal bool TakesCircuits => takesCircuits;
}
