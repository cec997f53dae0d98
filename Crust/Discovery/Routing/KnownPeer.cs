using Crust.Identity;

namespace Crust.Discovery.Routing;

/// <summary>
/// A peer by what it says of itself: its signed record, verified, and where it lies. Whoever passes it on can withhold it, or pass on an older one; nobody can alter it. Immutable.
/// </summary>
internal sealed class KnownPeer
{
    private readonly byte[] _signed;

    private KnownPeer(PeerRecord record, byte[] signed)
    {
        (Record, _signed) = (record, signed);
        Position = Position.Of(record.Peer);
        Group = PrefixGroup.Of(record, null);
    }

    internal PeerId Id => Record.Peer;

    internal PeerRecord Record { get; }

    internal ReadOnlySpan<byte> Signed => _signed;

    internal Position Position { get; }

    /// <summary>Which addresses it counts among, by what it says itself.</summary>
    internal PrefixGroup Group { get; }

    /// <summary>Verifies a record: its peer's signature for this network, and that it is current.</summary>
    /// <param name="signed">The record; copied.</param>
    /// <param name="network">Records of other networks are refused.</param>
    /// <param name="now">The time of day.</param>
    /// <param name="peer">Who it is.</param>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, DateTimeOffset now, out KnownPeer peer)
    {
        peer = null!;
        if (!PeerRecord.TryVerify(signed, network, out var record) || !record!.IsCurrent(now))
            return false;
        peer = new KnownPeer(record, signed.ToArray());
        return true;
    }

    /// <summary>Takes a record that was verified already.</summary>
    internal static KnownPeer FromVerified(PeerRecord record, byte[] ownedSigned) => new(record, ownedSigned);

    /// <summary>True when these bytes are the record that was verified: nothing to verify again.</summary>
    internal bool Is(ReadOnlySpan<byte> signed) => signed.SequenceEqual(_signed);
}
