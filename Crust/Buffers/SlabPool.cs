using System.Numerics;

namespace Crust.Buffers;

/// <summary>
/// The process's spare payload memory: arrays of 4 KiB to 2 MiB in powers of two, kept for the next one who asks. At most <see cref="MaxPooledBytes"/>
/// lie idle; more goes back to the garbage collector. Contents are not cleared: keys live elsewhere. Thread safe.
/// </summary>
internal static class SlabPool
{
    internal const int MinLength = 1 << MinBits;
    internal const int MaxLength = 1 << MaxBits;

    /// <summary>Ours: two sessions with 32 MiB under way each find their memory again.</summary>
    internal const long MaxPooledBytes = 64 << 20;

    private const int MinBits = 12;
    private const int MaxBits = 21;

    private static readonly Bucket[] Buckets = [.. Enumerable.Range(MinBits, MaxBits - MinBits + 1).Select(_ => new Bucket())];
    private static long s_pooledBytes;

    /// <summary>Bytes that lie idle now.</summary>
    internal static long PooledBytes => Interlocked.Read(ref s_pooledBytes);

    /// <summary>An array of at least this length.</summary>
    /// <param name="length">At most <see cref="MaxLength"/>.</param>
    internal static byte[] Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        var size = Math.Max(MinLength, (int)BitOperations.RoundUpToPowerOf2((uint)length));
        if (BucketOf(size).TryTake() is not { } array)
            return GC.AllocateUninitializedArray<byte>(size);
        Interlocked.Add(ref s_pooledBytes, -size);
        return array;
    }

    /// <summary>Takes an array back that <see cref="Rent"/> gave; the caller must not touch it any more.</summary>
    internal static void Return(byte[] array)
    {
        if (Interlocked.Add(ref s_pooledBytes, array.Length) > MaxPooledBytes)
            Interlocked.Add(ref s_pooledBytes, -array.Length);
        else
            BucketOf(array.Length).Add(array);
    }

    private static Bucket BucketOf(int size) => Buckets[BitOperations.Log2((uint)size) - MinBits];

    private sealed class Bucket
    {
        private byte[]?[] _arrays = new byte[]?[4];
        private int _count;
        private SpinLock _gate = new(enableThreadOwnerTracking: false);

        internal byte[]? TryTake()
        {
            var taken = false;
            try
            {
                _gate.Enter(ref taken);
                if (_count == 0)
                    return null;
                var array = _arrays[--_count];
                _arrays[_count] = null;
                return array;
            }
            finally
            {
                if (taken)
                    _gate.Exit();
            }
        }

        internal void Add(byte[] array)
        {
            var taken = false;
            try
            {
                _gate.Enter(ref taken);
                if (_count == _arrays.Length)
                    Array.Resize(ref _arrays, _count * 2);
                _arrays[_count++] = array;
            }
            finally
            {
                if (taken)
                    _gate.Exit();
            }
        }
    }
}
