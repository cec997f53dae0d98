using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// How many answers a server gives: to one source prefix (/24 of IPv4, /56 of IPv6) and in all. Prefixes are hashed with a secret key into a
/// table of fixed size, whose cells hold one number: the time at which the cell's bucket is full again. So strangers, however many they say they are, leave nothing behind;
/// they can take a cell from an honest prefix only by chance. This host's own addresses are counted in the whole alone. Pure; one thread at a time.
/// </summary>
internal sealed class StunRateLimit
{
    /// <summary>Answers a second to one prefix, on average.</summary>
    internal const int PerPrefix = 10;

    /// <summary>Answers at once to a prefix that was quiet. Ours: two nodes behind one NAT that find out about it at the same time.</summary>
    internal const int PrefixBurst = 40;

    /// <summary>Answers a second in all, and at once. Ours: under 1 MB/s; a hundred thousand peers that start within an hour need a tenth.</summary>
    internal const int InAll = 5_000;

    /// <summary>Cells of 8 bytes. Ours: 50,000 requests a second from everywhere are 1.5 a cell.</summary>
    internal const int Cells = 1 << 15;

    private const long PrefixInterval = 1_000_000 / PerPrefix;
    private const long TotalInterval = 1_000_000 / InAll;

    private readonly long[] _fullAt = new long[Cells];
    private readonly ulong _key;
    private long _totalFullAt;

    /// <param name="key">Random, secret.</param>
    internal StunRateLimit(ulong key)
    {
        _key = key;
        Array.Fill(_fullAt, long.MinValue / 2);
        _totalFullAt = long.MinValue / 2;
    }

    /// <summary>Whether a request from there may be answered now; counts it if so.</summary>
    internal bool TryTake(TransportAddress source, Instant now)
    {
        if (IsLoopback(source))
            return TryTake(ref _totalFullAt, TotalInterval, InAll, now);
        ref var cell = ref _fullAt[Hash(PrefixOf(source)) % Cells];
        if (!Has(cell, PrefixInterval, PrefixBurst, now))
            return false;
        return TryTake(ref _totalFullAt, TotalInterval, InAll, now) && TryTake(ref cell, PrefixInterval, PrefixBurst, now);
    }

    private static bool Has(long fullAt, long interval, int burst, Instant now) => fullAt - now.Microseconds <= interval * (burst - 1);

    private static bool TryTake(ref long fullAt, long interval, int burst, Instant now)
    {
        if (!Has(fullAt, interval, burst, now))
            return false;
        fullAt = Math.Max(fullAt, now.Microseconds) + interval;
        return true;
    }

    private static bool IsLoopback(TransportAddress address) => address.IsIPv4 ? (address.IPv4 >> 24) == 127 : address.Address == new Bits128(0, 1);

    /// <summary>The part of an address that one customer is usually given: a /24 or a /56.</summary>
    private static Bits128 PrefixOf(TransportAddress address) => address.Address.Prefix(address.IsIPv4 ? 96 + 24 : 56);

    /// <summary>SplitMix64's finish over both halves, each after the key.</summary>
    private ulong Hash(Bits128 prefix)
    {
        unchecked
        {
            return Mix(Mix(prefix.Low ^ _key) + prefix.High);
        }
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
