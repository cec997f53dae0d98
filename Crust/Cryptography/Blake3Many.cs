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

    private const int MaxLanes = 16;
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
        Hash(messages, ends, hashes, Blake3.DegreeFor(messages.Length));

    internal static void Hash(ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes, Blake3Degree degree) =>
        Hash(Blake3.InitialValue, 0, messages, ends, hashes, degree);

    /// <summary>Hashes messages of <paramref name="length"/> bytes each; there are as many as <paramref name="hashes"/> has room for.</summary>
    internal static void Hash(ReadOnlySpan<byte> messages, int length, Span<byte> hashes) =>
        Hash(Blake3.InitialValue, 0, messages, length, hashes, Blake3.DegreeFor(messages.Length));

    /// <summary>The keyed hash, with one 32-byte key for all, of messages of <paramref name="length"/> bytes each.</summary>
    internal static void KeyedHash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> messages, int length, Span<byte> hashes) =>
        KeyedHash(key, messages, length, hashes, Blake3.DegreeFor(messages.Length));

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

    [SkipLocalsInit]
    private static void Hash(
        ReadOnlySpan<uint> key, uint flags, ReadOnlySpan<byte> messages, ReadOnlySpan<int> ends, Span<byte> hashes, Blake3Degree degree)
    {
        Lengths.Require(hashes, ends.Length * Blake3.HashLength);
        var starts = stackalloc byte*[Window + MaxLanes];
        var outputs = stackalloc byte*[Window + MaxLanes];
        var lengths = stackalloc int[Window + MaxLanes];
        fixed (byte* input = messages, output = hashes)
        fixed (uint* keyWords = key)
        {
            var job = new Job(starts, outputs, lengths, input + messages.Length, keyWords, flags, degree);
            var begin = 0;
            for (var first = 0; first < ends.Length; first += Window)
            {
                var window = ends.Slice(first, Math.Min(Window, ends.Length - first));
                int shortest = int.MaxValue, longest = 0;
                unchecked
                {
                    for (var i = 0; i < window.Length; i++)
                    {
                        // Kernels read by pointer: what the caller says must be true.
                        var end = window[i];
                        if (end < begin || end > messages.Length)
                            throw new ArgumentException("The ends of messages rise, and none is beyond the buffer.", nameof(ends));
                        var length = end - begin;
                        shortest = Math.Min(shortest, length);
                        longest = Math.Max(longest, length);
                        starts[i] = input + begin;
                        outputs[i] = output + (first + i) * Blake3.HashLength;
                        lengths[i] = length;
                        begin = end;
                    }
                }

                // The usual case needs no sorting: all alike.
                var alike = longest <= Blake3.ChunkLength && Blocks(shortest) == Blocks(longest);
                Run(job, alike ? window.Length : SortByBlocks(job, window.Length), window.Length);
            }
        }
    }

    /// <summary>Counting sort by number of blocks, longest first of those that are one chunk at most; returns how many these are. The others follow.</summary>
    [SkipLocalsInit]
    private static int SortByBlocks(in Job job, int count)
    {
        var place = stackalloc int[MaxBlocks + 2];
        new Span<int>(place, MaxBlocks + 2).Clear();
        for (var i = 0; i < count; i++)
            place[Rank(job.Lengths[i])]++;
        var sum = 0;
        for (var rank = 0; rank < MaxBlocks + 2; rank++)
            (place[rank], sum) = (sum, sum + place[rank]);
        var shortOnes = place[MaxBlocks + 1];
        var starts = stackalloc byte*[Window];
        var outputs = stackalloc byte*[Window];
        var lengths = stackalloc int[Window];
        for (var i = 0; i < count; i++)
        {
            starts[i] = job.Starts[i];
            outputs[i] = job.Outputs[i];
            lengths[i] = job.Lengths[i];
        }

        for (var i = 0; i < count; i++)
        {
            var to = place[Rank(lengths[i])]++;
            job.Starts[to] = starts[i];
            job.Outputs[to] = outputs[i];
            job.Lengths[to] = lengths[i];
        }

        return shortOnes;

        static int Rank(int length) => length > Blake3.ChunkLength ? MaxBlocks + 1 : MaxBlocks - Blocks(length);
    }

    /// <summary>Blocks of a message that is one chunk at most; an empty one has a block too.</summary>
    private static int Blocks(int length) => unchecked((int)((uint)(Math.Max(length, 1) + Blake3.BlockLength - 1) / Blake3.BlockLength));

    /// <summary>Hashes the first <paramref name="shortOnes"/> messages side by side and the others one by one. Groups destroy the entries they use.</summary>
    private static void Run(in Job job, int shortOnes, int count)
    {
        for (var i = shortOnes; i < count; i++)
            Single(job, i);
        for (int first = 0, taken; first < shortOnes; first += taken)
        {
            var left = shortOnes - first;
            if (left > 8 && job.Degree >= Blake3Degree.Sixteen)
                Group<Blake3Lanes512, Vector512<uint>>(job, first, taken = Math.Min(left, 16));
            else if (left > 4 && job.Degree >= Blake3Degree.Eight)
                Group<Blake3Lanes256, Vector256<uint>>(job, first, taken = Math.Min(left, 8));
            else if (left > 1 && job.Degree >= Blake3Degree.Four)
                Group<Blake3Lanes128, Vector128<uint>>(job, first, taken = Math.Min(left, 4));
            else
                Single(job, first + (taken = 1) - 1);
        }
    }

    private static void Single(in Job job, int index) => Blake3Tree.Hash(
        new ReadOnlySpan<byte>(job.Starts[index], job.Lengths[index]), new ReadOnlySpan<uint>(job.Key, 8), job.Flags,
        new Span<byte>(job.Outputs[index], Blake3.HashLength), job.Degree);

    /// <summary>
    /// Hashes so many messages from <paramref name="first"/> on, the longest first, each in its lane. A lane that has ended runs on and is not looked at.
    /// The messages' entries are used up.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Group<TLanes, TVector>(in Job job, int first, int running)
        where TLanes : struct, IBlake3Lanes<TVector>
        where TVector : unmanaged
    {
        unchecked
        {
            var room = stackalloc byte[12 * sizeof(TVector) + TLanes.Count * Blake3.BlockLength + 63];
            var values = (TVector*)(((nuint)room + 63) & ~(nuint)63);
            var tails = values + 8;
            var padded = (byte*)(tails + 4);
            var spare = stackalloc byte[Blake3.HashLength];
            var lanes = job.Starts + first;
            var outputs = job.Outputs + first;
            var lengths = job.Lengths + first;

            // Fewer messages than lanes are the last of their window: nothing stands behind them, and there is room.
            for (var lane = running; lane < TLanes.Count; lane++)
                lanes[lane] = lanes[0];
            for (var i = 0; i < 8; i++)
                values[i] = TLanes.Broadcast(job.Key[i]);
            tails[0] = tails[1] = TLanes.Broadcast(0);
            tails[2] = TLanes.Broadcast(Blake3.BlockLength);
            tails[3] = TLanes.Broadcast(job.Flags);

            // Every message has these blocks whole, and none ends with them.
            var position = (Blocks(lengths[running - 1]) - 1) * Blake3.BlockLength;
            if (position > 0)
                Blake3Wide<TLanes, TVector>.Compress(lanes, 0, position, values, tails, Blake3Flags.ChunkStart, 0);
            for (; running > 0; position += Blake3.BlockLength)
            {
                // A lane that has ended runs on somewhere, and its value goes nowhere.
                for (var lane = running; lane < TLanes.Count; lane++)
                {
                    lanes[lane] = padded - position;
                    outputs[lane] = spare;
                }

                var ended = End(lanes, lengths, running, position, job.Flags, (uint*)(tails + 2), (uint*)(tails + 3), padded, job.End);
                var start = position == 0 ? Blake3Flags.ChunkStart : 0;
                Blake3Wide<TLanes, TVector>.Compress(lanes, position, position + Blake3.BlockLength, values, tails, start, 0);

                // A message that goes on is written over when it ends.
                if (ended < running)
                    Blake3Wide<TLanes, TVector>.Store(values, outputs);
                running = ended;
            }
        }
    }

    /// <summary>Readies the lanes whose message ends in the block at <paramref name="position"/>, the last ones of those running; returns how many run on.</summary>
    private static int End(
        byte** lanes, int* lengths, int running, int position, uint flags, uint* laneLengths, uint* laneFlags, byte* padded, byte* end)
    {
        unchecked
        {
            flags |= Blake3Flags.ChunkEnd | Blake3Flags.Root;
            var lane = running - 1;
            for (; lane >= 0; lane--)
            {
                var left = lengths[lane] - position;
                if (left > Blake3.BlockLength)
                    break;
                laneLengths[lane] = (uint)left;
                laneFlags[lane] = flags;
                if (left == Blake3.BlockLength)
                    continue;
                var block = padded + lane * Blake3.BlockLength;
                Pad(lanes[lane] + position, left, end, block);
                lanes[lane] = block - position;
            }

            return lane + 1;
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

    /// <summary>A window of messages, an entry each in three tables that have room for a vector's lanes behind it, and what all messages share.</summary>
    private readonly struct Job(byte** starts, byte** outputs, int* lengths, byte* end, uint* key, uint flags, Blake3Degree degree)
    {
        internal readonly byte** Starts = starts;
        internal readonly byte** Outputs = outputs;
        internal readonly int* Lengths = lengths;

        /// <summary>Behind the buffer's last byte.</summary>
        internal readonly byte* End = end;
        internal readonly uint* Key = key;
        internal readonly uint Flags = flags;
        internal readonly Blake3Degree Degree = degree;
    }
}
