using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace Crust.Tests.Vectors;

/// <summary>
/// Randomness that is an argument: hands out the given bytes once, in order, and throws when asked for one more. It is how ML-KEM
/// encapsulation gets its m, because BouncyCastle offers key generation from a seed but no encapsulation from coins.
/// </summary>
internal sealed class FixedBytesGenerator(byte[] bytes) : IRandomGenerator
{
    private int _position;

    /// <summary>How many bytes nobody asked for.</summary>
    internal int Remaining => bytes.Length - _position;

    /// <summary>The same bytes as BouncyCastle wants them.</summary>
    internal SecureRandom AsSecureRandom() => new(this);

    public void AddSeedMaterial(byte[] seed) => throw new NotSupportedException("fixed bytes take no seed");

    public void AddSeedMaterial(ReadOnlySpan<byte> seed) => throw new NotSupportedException("fixed bytes take no seed");

    public void AddSeedMaterial(long seed) => throw new NotSupportedException("fixed bytes take no seed");

    public void NextBytes(byte[] bytes) => NextBytes(bytes.AsSpan());

    public void NextBytes(byte[] bytes, int start, int len) => NextBytes(bytes.AsSpan(start, len));

    public void NextBytes(Span<byte> destination)
    {
        if (destination.Length > Remaining)
            throw new InvalidOperationException($"{destination.Length} random bytes wanted, {Remaining} left");
        bytes.AsSpan(_position, destination.Length).CopyTo(destination);
        _position += destination.Length;
    }
}
