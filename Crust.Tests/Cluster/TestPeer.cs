using System.Net;
using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Tests.Cluster;

/// <summary>A peer with a known key, and the things it signs.</summary>
internal sealed class TestPeer : IDisposable
{
    internal static readonly NetworkId Network = NetworkId.FromName("cluster-tests");

    private readonly PeerIdentity _identity = PeerIdentity.Create();

    internal PeerId Id => _identity.Id;

    internal int Zone => GrainKeys.ZoneOf(Id);

    internal byte[] Record(ulong sequence, DateTimeOffset now, TimeSpan? lifetime = null, NetworkId? network = null) =>
        new PeerRecord(Id, sequence, now + (lifetime ?? TimeSpan.FromHours(1)), 0, [new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Loopback, 4000), Id)])
            .Sign(_identity, network ?? Network);

    internal byte[] Attach(PeerId gateway, ulong epoch, DateTimeOffset at, NetworkId? network = null) =>
        Attachment.Sign(_identity, network ?? Network, gateway, epoch, at);

    /// <summary>What it shows the cluster as a gateway.</summary>
    internal GatewayProof Prove(ulong epoch, NetworkId? network = null) => GatewayLifeProof.Create(_identity, network ?? Network, epoch, DateTimeOffset.UtcNow);

    /// <summary>Its order as an operator.</summary>
    internal byte[] Order(ulong number, OrderKind kind, PeerId subject, string reason = "", NetworkId? network = null) =>
        OperatorOrder.Sign(_identity, network ?? Network, number, DateTimeOffset.UtcNow, kind, subject, reason);

    internal PeerAnnouncement Announce(PeerId gateway, ulong epoch, DateTimeOffset at) => new(Attach(gateway, epoch, at), 1);

    /// <summary>A peer whose hash lies in a zone: about 16 tries.</summary>
    internal static TestPeer InZone(int zone)
    {
        while (true)
        {
            var peer = new TestPeer();
            if (peer.Zone == zone)
                return peer;
            peer.Dispose();
        }
    }

    public void Dispose() => _identity.Dispose();
}
