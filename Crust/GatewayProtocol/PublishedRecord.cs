using Crust.Identity;

namespace Crust.GatewayProtocol;

/// <summary>
/// The record that a node publishes of itself: signed anew when what it says changes and at half its life; its sequence only rises. One writer at a time; <see cref="Signed"/> may be read meanwhile. Pure.
/// </summary>
internal sealed class PublishedRecord(PeerIdentity identity, NetworkId network)
{
    /// <summary>How long one lives; the bound of the format.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private volatile byte[] _signed = [];
    private ulong _sequence;
    private DateTimeOffset _made;
    private IReadOnlyList<PeerAddress> _addresses = [];
    private uint _capabilities;

    /// <summary>The newest one; empty before the first.</summary>
    internal byte[] Signed => _signed;

    /// <summary>Signs a new one where that is due.</summary>
    /// <param name="addresses">What to publish; the first <see cref="PeerRecord.MaxAddresses"/> count.</param>
    /// <param name="capabilities">Bits beside them.</param>
    /// <param name="now">The wall clock.</param>
    internal void Update(IReadOnlyList<PeerAddress> addresses, uint capabilities, DateTimeOffset now)
    {
        if (addresses.SequenceEqual(_addresses) && capabilities == _capabilities && _signed.Length > 0 && now - _made <= Lifetime / 2)
            return;
        (_addresses, _capabilities) = (addresses, capabilities);
        Sign(now);
    }

    /// <summary>Signs one whose sequence is beyond that of any clock that gateways put up with.</summary>
    internal void Outbid(DateTimeOffset now)
    {
        _sequence = PeerRecord.NextSequence(_sequence, now) + (ulong)Attachment.ClockTolerance.TotalMilliseconds;
        Sign(now);
    }

    private void Sign(DateTimeOffset now)
    {
        _sequence = PeerRecord.NextSequence(_sequence, now);
        _signed = new PeerRecord(identity.Id, _sequence, now + Lifetime, _capabilities, [.. _addresses.Take(PeerRecord.MaxAddresses)]).Sign(identity, network);
        _made = now;
    }
}
