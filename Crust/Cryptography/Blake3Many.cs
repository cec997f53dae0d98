using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crust.Cryptography;

/// <summary>
/// BLAKE3 of many independent messages, a lane of a vector each: short ones, which fill no vector alone. Messages stand back to back in one buffer, their 32-byte
/// hashes likewise. Messages of at most one chunk (1,024 bytes) go side by side, those of similar length together; a longer one is hashed as <see cref="Blake3"/> does.
/// </summary>
internal static unsafe class Blake3Many
{
    /// <summary>Messages that are sorted by length at a time: four full vectors, and a small table on the stack.</summary>
    private const int Window = 64;

    private const int MaxBlocks = Blake3.ChunkLength / Blake3.BlockLength;

    /// <summary>64 bytes that keep, then 64 that do not: from the right place on, what keeps the first so many bytes of a block.</summary>
    private static ReadOnlySpan<byte> Mask =>
    [
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>Hashes messages of any lengths: message i ends before <c>ends[i]</c> and begins where the one before it ends, the first at 0.</summary>
    internal static void Hash(ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes) =>
        Hash(messages, ends, hashes, Blake3.WidestDegree);

    internal static void Hash(ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes, Blake3Degree degree) =>
        Hash(Blake3.InitialValue, 0, messages, ends, hashes, degree);

    /// <summary>Hashes messages of <paramref name="length"/> bytes each; there are as many as <paramref name="hashes"/> has room for.</summary>
    internal static void Hash(ReadOnlySpan<byte> messages, int length, Span<byte> hashes) =>
        Hash(Blake3.InitialValue, 0, messages, length, hashes, Blake3.WidestDegree);

    /// <summary>The keyed hash, with one 32-byte key for all, of messages of <paramref name="length"/> bytes each.</summary>
    internal static void KeyedHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> messages, int length, Span<byte> hashes) =>
        KeyedHash(key, messages, length, hashes, Blake3.WidestDegree);

    internal static void KeyedHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> messages, int length, Span<byte> hashes, Blake3Degree degree) =>
        Hash(Blake3.Words(key), Blake3Flags.KeyedHash, messages, length, hashes, degree);

    private static void Hash(ReadOnlySpan<uint> key, uint flags, ReadOnlySpan<byte> messages, int length, Span<byte> hashes, Blake3Degree degree)
    {
        var count = hashes.Length / Blake3.HashLength;
        Lengths.Require(messages, count * length);
        Span<int> ends = stackalloc int[Window];
        for (var first = 0; first < count; first += Window)
        {
            var taken = Math.Min(Window, count - first);
            for (var i = 0; i < taken; i++)
                ends[i] = (i + 1) * length;
            Hash(key, flags, messages.Slice(first * length, taken * length), ends[..taken],
                hashes.Slice(first * Blake3.HashLength, taken * Blake3.HashLength), degree);
        }
    }

    private static void Hash(
        ReadOnlySpan<uint> key, uint flags, ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes, Blake3Degree degree)
    {
        Lengths.Require(hashes, ends.Length * Blake3.HashLength);
        Span<byte> order = stackalloc byte[Window];
        var begin = 0;
        for (var first = 0; first < ends.Length; first += Window)
        {
            var window = ends.Slice(first, Math.Min(Window, ends.Length - first));
            Require(messages.Length, begin, window);
            fixed (byte* input = messages, output = hashes)
            fixed (int* windowEnds = window)
            fixed (uint* keyWords = key)
            {
                var job = new Job(input, input + messages.Length, windowEnds, begin, output + first * Blake3.HashLength, keyWords, flags, degree);
                var shortOnes = SortByBlocks(job, window.Length, order);
                for (var i = shortOnes; i < window.Length; i++)
                    Single(job, order[i]);
                Run(job, order[..shortOnes]);
            }

            begin = window[^1];
        }
    }

    /// <summary>Kernels read by pointer: what the caller says must be true.</summary>
    private static void Require(int length, int begin, ReadOnlySpan<int> ends)
    {
        foreach (var end in ends)
        {
            if (end < begin || end > length)
                throw new ArgumentException("The ends of messages rise, and none is beyond the buffer.", nameof(ends));
            begin = end;
        }
    }

    /// <summary>Counting sort by number of blocks, longest first of those that are one chunk at most; returns how many these are. The others follow.</summary>
    private static int SortByBlocks(in Job job, int count, Span<byte> order)
    {
        Span<int> place = stackalloc int[MaxBlocks + 2];
        place.Clear();
        for (var i = 0; i < count; i++)
            place[Rank(job.LengthOf(i))]++;
        var sum = 0;
        for (var rank = 0; rank < place.Length; rank++)
            (place[rank], sum) = (sum, sum + place[rank]);
        var shortOnes = place[MaxBlocks + 1];
        for (var i = 0; i < count; i++)
            order[place[Rank(job.LengthOf(i))]++] = (byte)i;
        return shortOnes;

        static int Rank(int length) => length > Blake3.ChunkLength ? MaxBlocks + 1 : MaxBlocks - Blocks(length);
    }

    private static int Blocks(int length) => length == 0 ? 1 : (length + Blake3.BlockLength - 1) / Blake3.BlockLength;

    private static void Run(in Job job, ReadOnlySpan<byte> order)
    {
        while (!order.IsEmpty)
        {
            int taken;
            if (order.Length > 8 && job.Degree >= Blake3Degree.Sixteen)
                Group<Blake3Lanes512, Vector512<uint>>(job, order[..(taken = Math.Min(order.Length, 16))]);
            else if (order.Length > 4 && job.Degree >= Blake3Degree.Eight)
                Group<Blake3Lanes256, Vector256<uint>>(job, order[..(taken = Math.Min(order.Length, 8))]);
            else if (order.Length > 1 && job.Degree >= Blake3Degree.Four)
                Group<Blake3Lanes128, Vector128<uint>>(job, order[..(taken = Math.Min(order.Length, 4))]);
            else
                Single(job, order[(taken = 1) - 1]);
            order = order[taken..];
        }
    }

    private static void Single(in Job job, int index) => Blake3Tree.Hash(
        new ReadOnlySpan<byte>(job.Start(index), job.LengthOf(index)), new ReadOnlySpan<uint>(job.Key, 8), job.Flags,
        new Span<byte>(job.Hash(index), Blake3.HashLength), job.Degree);

    /// <summary>Hashes the messages of <paramref name="order"/>, the longest first, each in its lane. A lane that has ended runs on and is not looked at.</summary>
    [SkipLocalsInit]
    private static void Group<TLanes, TVector>(in Job job, ReadOnlySpan<byte> order)
        where TLanes : struct, IBlake3Lanes<TVector>
        where TVector : unmanaged
    {
        unchecked
        {
            var room = stackalloc byte[12 * sizeof(TVector) + TLanes.Count * Blake3.BlockLength + 63];
            var values = (TVector*)(((nuint)room + 63) & ~(nuint)63);
            var tails = values + 8;
            var padded = (byte*)(tails + 4);
            var lanes = stackalloc byte*[TLanes.Count];
            var results = stackalloc byte[TLanes.Count * Blake3.HashLength];
            for (var i = 0; i < 8; i++)
                values[i] = TLanes.Broadcast(job.Key[i]);
            tails[0] = tails[1] = TLanes.Broadcast(0);
            for (var lane = 0; lane < TLanes.Count; lane++)
                lanes[lane] = padded;
            var lengths = (uint*)(tails + 2);
            var flags = (uint*)(tails + 3);
            var blocks = Blocks(job.LengthOf(order[0]));
            var running = order.Length;
            for (var block = 0; block < blocks; block++)
            {
                tails[2] = TLanes.Broadcast(Blake3.BlockLength);
                tails[3] = TLanes.Broadcast(job.Flags | (block == 0 ? Blake3Flags.ChunkStart : 0));
                var ended = running;
                for (var lane = running - 1; lane >= 0; lane--)
                {
                    var start = job.Start(order[lane]) + block * Blake3.BlockLength;
                    var left = job.LengthOf(order[lane]) - block * Blake3.BlockLength;
                    lanes[lane] = start;
                    if (left > Blake3.BlockLength)
                        continue;
                    lengths[lane] = (uint)left;
                    flags[lane] |= Blake3Flags.ChunkEnd | Blake3Flags.Root;
                    if (left < Blake3.BlockLength)
                        Pad(start, left, job.End, lanes[lane] = padded + lane * Blake3.BlockLength);
                    ended = lane;
                }

                Blake3Wide<TLanes, TVector>.Compress(lanes, 1, values, tails, 0, 0);
                if (ended == running)
                    continue;
                Blake3Wide<TLanes, TVector>.Store(values, results, TLanes.Count);
                for (var lane = ended; lane < running; lane++)
                {
                    Unsafe.CopyBlockUnaligned(job.Hash(order[lane]), results + lane * Blake3.HashLength, Blake3.HashLength);
                    lanes[lane] = padded;
                }

                running = ended;
            }
        }
    }

    /// <summary>Copies the last block of a message and fills it up with zeros; in one go where reading 64 bytes stays within the buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pad(byte* source, int length, byte* end, byte* target)
    {
        if (end - source < Blake3.BlockLength)
        {
            var block = new Span<byte>(target, Blake3.BlockLength);
            block[length..].Clear();
            new ReadOnlySpan<byte>(source, length).CopyTo(block);
            return;
        }

        // The mask is data of the assembly's image, which does not move.
        var mask = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in Mask[0])) + Blake3.BlockLength - length;
        (Vector256.Load(source) & Vector256.Load(mask)).Store(target);
        (Vector256.Load(source + 32) & Vector256.Load(mask + 32)).Store(target + 32);
    }

    private readonly struct Job(byte* messages, byte* end, int* ends, int begin, byte* hashes, uint* key, uint flags, Blake3Degree degree)
    {
        /// <summary>Behind the buffer's last byte.</summary>
        internal readonly byte* End = end;
        internal readonly uint* Key = key;
        internal readonly uint Flags = flags;
        internal readonly Blake3Degree Degree = degree;

        internal byte* Start(int index) => messages + Begin(index);

        internal int LengthOf(int index) => ends[index] - Begin(index);

        internal byte* Hash(int index) => hashes + index * Blake3.HashLength;

        private int Begin(int index) => index == 0 ? begin : ends[index - 1];
    }
}
