using Crust.Cryptography;

namespace Crust.Session.Handshakes;

/// <summary>
/// The random bytes of one handshake: <c>ephemeral secret (32) ‖ KEM seed (64) ‖ encapsulation coins (32)</c>. Used once: the handshake it
/// is given to takes it over and wipes it.
/// </summary>
internal sealed class HandshakeRandomness : IDisposable
{
    internal const int Length = X25519.KeyLength + MlKem768.SeedLength + MlKem768.CoinsLength;

    private readonly SecretBlock _block = new();
    private readonly Memory<byte> _memory;

    private bool _isDisposed;

    private HandshakeRandomness() => _memory = _block.Take(Length);

    private ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _memory.Span;
        }
    }

    internal ReadOnlySpan<byte> EphemeralSecret => Bytes[..X25519.KeyLength];

    internal ReadOnlySpan<byte> KemSeed => Bytes.Slice(X25519.KeyLength, MlKem768.SeedLength);

    internal ReadOnlySpan<byte> KemCoins => Bytes[(X25519.KeyLength + MlKem768.SeedLength)..];

    /// <summary>Draws from the operating system: for drivers.</summary>
    internal static HandshakeRandomness Draw()
    {
        var randomness = new HandshakeRandomness();
        SecureRandom.Fill(randomness._memory.Span);
        return randomness;
    }

    /// <summary>Copies <see cref="Length"/> given bytes: for simulations and tests.</summary>
    internal static HandshakeRandomness FromBytes(ReadOnlySpan<byte> bytes)
    {
        Lengths.Require(bytes, Length);
        var randomness = new HandshakeRandomness();
        bytes.CopyTo(randomness._memory.Span);
        return randomness;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _block.Dispose();
    }
}
