using System.Numerics;

namespace Crust.Primitives;

/// <summary>
/// A seeded generator for simulations and tests: xoshiro256** (Blackman and Vigna, 2018), its state filled from the seed by SplitMix64. One seed gives one
/// sequence on every machine and in every version. No secret may come from it.
/// </summary>
internal sealed class DeterministicRandom
{
    private ulong _a, _b, _c, _d;

    internal DeterministicRandom(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    /// <summary>The next 64 bits.</summary>
    internal ulong NextUInt64()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
            var shifted = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= shifted;
            _d = BitOperations.RotateLeft(_d, 45);
            return result;
        }
    }

    /// <summary>A number from 0 to below <paramref name="bound"/>, which is positive. The bias is below bound / 2^64.</summary>
    internal int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>A number from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    internal int Next(int low, int high) => low + Next(high - low);

    /// <summary>A number from 0 to below 1 with 53 random bits.</summary>
    internal double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with this probability.</summary>
    internal bool Chance(double probability) => NextDouble() < probability;

    internal void Fill(Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = unchecked((byte)(NextUInt64() >> 56));
    }

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
