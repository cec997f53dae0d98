using Crust.Cryptography;

namespace Crust.Session.Handshakes;

/// <summary>
/// The random bytes of one handshake: <c>ephemeral secret (32) ‖ KEM seed (64) ‖ encapsulation coins (32)</c>. Used once: the handshake it
/// is given to takes it over and wipes it.
/// </summary>
internal sealed class HandshakeRandomness : IDisposable
{
    internal const int Length = X25519.KeyLength + MlKem768.SeedLength + MlKem768.CoinsLength;

    private readonly byte[] _bytes = GC.AllocateArray<byte>(Length, pinned: true);

    private HandshakeRandomness()
    {
    }

    internal ReadOnlySpan<byte> EphemeralSecret => _bytes.AsSpan(0, X25519.KeyLength);

    internal ReadOnlySpan<byte> KemSeed => _bytes.AsSpan(X25519.KeyLength, MlKem768.SeedLength);

    internal ReadOnlySpan<byte> KemCoins => _bytes.AsSpan(X25519.KeyLength + MlKem768.SeedLength);

    /// <summary>Draws from the operating system: for drivers.</summary>
    internal static HandshakeRandomness Draw()
    {
        var randomness = new HandshakeRandomness();
        SecureRandom.Fill(randomness._bytes);
        return randomness;
    }

    /// <summary>Copies <see cref="Length"/> given bytes: for simulations and tests.</summary>
    internal static HandshakeRandomness FromBytes(ReadOnlySpan<byte> bytes)
    {
        Lengths.Require(bytes, Length);
        var randomness = new HandshakeRandomness();
        bytes.CopyTo(randomness._bytes);
        return randomness;
    }

    /// <inheritdoc/>
    public void Dispose() => Secrets.Zero(_bytes);
}
