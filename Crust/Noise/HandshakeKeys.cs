namespace Crust.Noise;

/// <summary>
/// What a <see cref="HandshakeState"/> starts from. Everything is copied; the caller wipes its own. Empty spans stand for keys that the
/// pattern does not need: the engine throws when one is missing, since that is a bug.
/// </summary>
internal readonly ref struct HandshakeKeys
{
    /// <summary>Own static X25519 secret key, 32 bytes.</summary>
    internal ReadOnlySpan<byte> StaticSecret { get; init; }

    /// <summary>Its public key, 32 bytes, where that is at hand; else it is derived.</summary>
    internal ReadOnlySpan<byte> StaticPublic { get; init; }

    /// <summary>The other's static X25519 public key, 32 bytes, where it is known beforehand.</summary>
    internal ReadOnlySpan<byte> RemoteStatic { get; init; }

    /// <summary>Own ephemeral X25519 secret key: 32 fresh random bytes.</summary>
    internal ReadOnlySpan<byte> EphemeralSecret { get; init; }

    /// <summary>Seed of the own ephemeral ML-KEM-768 key pair: 64 fresh random bytes, for the side that sends <c>e1</c>.</summary>
    internal ReadOnlySpan<byte> KemSeed { get; init; }

    /// <summary>Randomness of the encapsulation: 32 fresh random bytes, for the side that sends <c>ekem1</c>.</summary>
    internal ReadOnlySpan<byte> KemCoins { get; init; }
}
