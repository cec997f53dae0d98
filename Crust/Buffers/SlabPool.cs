using System.Numerics;

namespace Crust.Buffers;

/// <summary>
/// The process's spare payload memory: arrays of 4 KiB to 2 MiB in powers of two, kept for the next one who asks. Some 56 MiB lie idle at most; more goes
/// back to the garbage collector. Contents are not cleared: keys live elsewhere. Thread safe, without a lock.
/// </summary>
internal static class SlabPool
{
    internal const int MinLength = 1 << MinBits;
    internal const int MaxLength = 1 << MaxBits;

    /// <summary>Bytes of one length that may lie idle. Ours: 56 MiB over all lengths.</summary>
    private const int BucketBytes = 8 << 20;

    private const int MaxSlots = 128;
    private const int MinBits = 12;
    private const int MaxBits = 21;

    private static readonly Bucket[] Buckets =
        [.. Enumerable.Range(MinBits, MaxBits - MinBits + 1).Select(bits => new Bucket(Math.Clamp(BucketBytes >> bits, 1, MaxSlots)))];

    /// <summary>Most bytes that can lie idle.</summary>
    internal static long MaxPooledBytes => Buckets.Select((bucket, i) => (long)bucket.Slots << (MinBits + i)).Sum();

    /// <summary>Bytes that lie idle now; counted, so not for the steady path.</summary>
    internal static long PooledBytes => Buckets.Select((bucket, i) => (long)bucket.Count << (MinBits + i)).Sum();

    /// <summary>An array of at least this length.</summary>
    /// <param name="length">At most <see cref="MaxLength"/>.</param>
    internal static byte[] Rent(int length)
    {
        var size = LengthFor(length);
        return BucketOf(size).TryTake() ?? GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>How long the array is that <see cref="Rent"/> gives.</summary>
    /// <param name="length">At most <see cref="MaxLength"/>.</param>
    internal static int LengthFor(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        return Math.Max(MinLength, (int)BitOperations.RoundUpToPowerOf2((uint)length));
    }

    /// <summary>Takes an array back; the caller must not touch it any more. One of a length that <see cref="Rent"/> never gives goes to the garbage collector.</summary>
    internal static void Return(byte[] array)
    {
        if (LengthFor(array.Length) == array.Length)
            _ = BucketOf(array.Length).TryAdd(array);
    }

    private static Bucket BucketOf(int size) => Buckets[BitOperations.Log2((uint)size) - MinBits];

    /// <summary>Slots for arrays of one length, tried from the first on: those used last are taken first, while they are in the caches.</summary>
    private sealed class Bucket(int slots)
    {
        private readonly byte[]?[] _slots = new byte[]?[slots];

        internal int Slots => _slots.Length;

        internal int Count => _slots.Count(a => a is not null);

        internal byte[]? TryTake()
        {
            for (var i = 0; i < _slots.Length; i++)
            {
                if (Volatile.Read(ref _slots[i]) is not null && Interlocked.Exchange(ref _slots[i], null) is { } array)
                    return array;
            }

            return null;
        }

        internal bool TryAdd(byte[] array)
        {
            for (var i = 0; i < _slots.Length; i++)
            {
                if (Volatile.Read(ref _slots[i]) is null && Interlocked.CompareExchange(ref _slots[i], array, null) is null)
                    return true;
            }

            return false;
        }
    }
}
