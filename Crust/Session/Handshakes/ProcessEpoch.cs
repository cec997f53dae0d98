namespace Crust.Session.Handshakes;

/// <summary>
/// Which process speaks for an identity: the time of its start, Unix milliseconds, in the upper 48 bits, 16 random bits below. The greater is the newer one.
/// The random bits decide between two that started in the same millisecond, once and for all pairs of nonces, so that the two do not push each other out in
/// turn. Authentic, since the handshake is, and no more: the holder of the key may say what it likes.
/// </summary>
/// <param name="Value">As it goes over the wire, big endian.</param>
internal readonly record struct ProcessEpoch(ulong Value) : IComparable<ProcessEpoch>
{
    internal const int Length = sizeof(ulong);

    private const int RandomBits = 16;

    /// <summary>Start of the process, Unix milliseconds.</summary>
    internal ulong UnixMilliseconds => Value >> RandomBits;

    /// <summary>The epoch of a process that starts now.</summary>
    internal static ProcessEpoch Starting(ulong unixMilliseconds, ushort random) => new(unchecked(unixMilliseconds << RandomBits) | random);

    public static bool operator <(ProcessEpoch left, ProcessEpoch right) => left.Value < right.Value;

    public static bool operator >(ProcessEpoch left, ProcessEpoch right) => left.Value > right.Value;

    public static bool operator <=(ProcessEpoch left, ProcessEpoch right) => left.Value <= right.Value;

    public static bool operator >=(ProcessEpoch left, ProcessEpoch right) => left.Value >= right.Value;

    public int CompareTo(ProcessEpoch other) => Value.CompareTo(other.Value);
}
