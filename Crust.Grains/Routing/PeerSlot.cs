using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>One attached peer in a zone's table.</summary>
internal struct PeerSlot
{
    internal PeerId Peer;

    internal PeerHash Hash;

    /// <summary>Start of the peer's newest process.</summary>
    internal ulong Epoch;

    /// <summary>The peer's record as its own grain gave it; null until somebody asked for it.</summary>
    internal byte[]? SignedRecord;

    /// <summary>When it was given.</summary>
    internal DateTimeOffset RecordTaken;

    /// <summary>Number of the attachment signed last; −1 while there is none. All are of <see cref="Epoch"/>.</summary>
    internal int Attachment;

    /// <summary>The next peer in the same bucket of the index; −1 for none.</summary>
    internal int NextInBucket;
}
