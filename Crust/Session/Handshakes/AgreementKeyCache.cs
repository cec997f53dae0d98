using Crust.Cryptography;
using Crust.Identity;

namespace Crust.Session.Handshakes;

/// <summary>
/// Remembers the X25519 forms of peer ids, since a conversion costs about 42 µs. Bounded: <see cref="Capacity"/> places, an id has one
/// place, and the newest of those that share it stays. Public keys only. One thread at a time.
/// </summary>
internal sealed class AgreementKeyCache
{
    /// <summary>Ids that are remembered at most. Ours: 48 KiB.</summary>
    internal const int Capacity = 512;

    private readonly (PeerId Peer, byte[]? Key)[] _places = new (PeerId, byte[]?)[Capacity];

    /// <summary>Writes the 32-byte X25519 form; false when the id is no valid key, which then is not remembered.</summary>
    internal bool TryConvert(PeerId peer, Span<byte> x25519)
    {
        ref var place = ref _places[unchecked((uint)peer.GetHashCode()) % Capacity];
        if (place.Key is null || place.Peer != peer)
        {
            if (!TryConvertUncached(peer, x25519))
                return false;
            place = (peer, x25519.ToArray());
            return true;
        }

        place.Key.CopyTo(x25519);
        return true;
    }

    /// <summary>Converts 32 bytes that claim to be an id, and so finds out whether they are one.</summary>
    internal static bool TryConvert(AgreementKeyCache? cache, ReadOnlySpan<byte> id, Span<byte> x25519, out PeerId peer)
    {
        // Not trusted before it is converted, or was once.
        var claimed = PeerId.FromTrustedBytes(id);
        var valid = cache?.TryConvert(claimed, x25519) ?? Ed25519.TryConvertPublicKey(id, x25519);
        peer = valid ? claimed : default;
        return valid;
    }

    /// <summary>Converts without a cache.</summary>
    internal static bool TryConvertUncached(PeerId peer, Span<byte> x25519)
    {
        Span<byte> key = stackalloc byte[PeerId.ByteLength];
        peer.CopyTo(key);
        return Ed25519.TryConvertPublicKey(key, x25519);
    }
}
