using Crust.GatewayProtocol.Driver;
using Crust.Identity;

namespace Crust;

/// <summary>
/// This node's newest signed record: the one that its gateway was given, as long as that counts; without a gateway one is made here, so that a node does not fade from its peers' memory because the
/// gateways are gone. Thread safe.
/// </summary>
internal sealed class OwnRecord(PeerIdentity identity, NetworkId network, Func<GatewayAttachment?> attachment, Func<IReadOnlyList<PeerAddress>> addresses, TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private byte[] _signed = [];
    private PeerRecord? _record;

    /// <summary>The record's bytes.</summary>
    internal byte[] Signed()
    {
        var now = timeProvider.GetUtcNow();
        lock (_gate)
        {
            var given = attachment()?.SignedRecord ?? [];
            if (given.Length > 0 && PeerRecord.TryVerify(given, network, out var record) && (_record is null || record!.Sequence > _record.Sequence))
                (_signed, _record) = (given, record);
            var published = addresses().Take(PeerRecord.MaxAddresses).ToList();
            var isDue = _record is null || _record.Expiry - now < PeerRecord.MaxLifetime / 2 || (attachment()?.Current is null && !published.SequenceEqual(_record.Addresses));
            if (!isDue)
                return _signed;
            _record = new PeerRecord(
                identity.Id, PeerRecord.NextSequence(_record?.Sequence ?? 0, now), now + PeerRecord.MaxLifetime, _record?.Capabilities ?? 0, published);
            return _signed = _record.Sign(identity, network);
        }
    }
}
