using Crust.Cryptography;

namespace Crust.Identity;

/// <summary>
/// Where a peer lies in the hash space that routing tables divide: the BLAKE3 hash of its id, and the zone that its leading
/// <see cref="Bits"/> bits name.
/// </summary>
internal static class PeerZone
{
    /// <summary>Leading bits that name a zone. Ours: 16 zones spread over a handful of silos, and a closest-peer query asks one or two.</summary>
    internal const int Bits = 4;

    /// <summary>How many zones there are.</summary>
    internal const int Count = 1 << Bits;

    /// <summary>Bytes of a position in the hash space.</summary>
    internal const int HashLength = Blake3.HashLength;

    /// <summary>The peer's position: BLAKE3 of the 32 bytes of its id.</summary>
    internal static byte[] Hash(PeerId peer)
    {
        Span<byte> bytes = stackalloc byte[PeerId.ByteLength];
        peer.CopyTo(bytes);
        return Blake3.Hash(bytes);
    }

    /// <summary>The zone of a peer, 0 to 15.</summary>
    internal static int Of(PeerId peer) => OfHash(Hash(peer));

    /// <summary>The zone of a position in the hash space, 0 to 15.</summary>
    internal static int OfHash(ReadOnlySpan<byte> hash) => hash[0] >> (8 - Bits);
}
