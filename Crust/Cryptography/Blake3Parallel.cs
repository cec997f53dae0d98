using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crust.Cryptography;

/// <summary>
/// Chaining values of many inputs of the same number of whole blocks: chunks of a long input, or parent nodes (BLAKE3 specification §5.3). Takes the
/// narrowest kernel that holds what is left; spare lanes repeat the first input and are thrown away.
/// </summary>
internal static unsafe class Blake3Parallel
{
    /// <summary>Chunks of 1,024 bytes, back to back; writes 32 bytes for each.</summary>
    internal static void Chunks(byte* input, int count, uint* key, ulong firstCounter, uint flags, byte* output, Blake3Degree degree) =>
        Run(new Job(input, Blake3.ChunkLength, firstCounter, 1, key, flags, Blake3Flags.ChunkStart, Blake3Flags.ChunkEnd), count, output, degree);

    /// <summary>Pairs of chaining values, back to back; writes 32 bytes for each pair. <paramref name="output"/> may be where the pairs begin.</summary>
    internal static void Parents(byte* input, int count, uint* key, uint flags, byte* output, Blake3Degree degree) =>
        Run(new Job(input, Blake3.BlockLength, 0, 0, key, flags | Blake3Flags.Parent, 0, 0), count, output, degree);

    private static void Run(Job job, int count, byte* output, Blake3Degree degree)
    {
        while (count > 0)
        {
            int taken;
            if (count > 8 && degree >= Blake3Degree.Sixteen)
                Group<Blake3Lanes512, Vector512<uint>>(job, taken = Math.Min(count, 16), output);
            else if (count > 4 && degree >= Blake3Degree.Eight)
                Group<Blake3Lanes256, Vector256<uint>>(job, taken = Math.Min(count, 8), output);
            else if (count > 1 && degree >= Blake3Degree.Four)
                Group<Blake3Lanes128, Vector128<uint>>(job, taken = Math.Min(count, 4), output);
            else
            {
                taken = 1;
                Single(job, output, degree);
            }

            output += taken * Blake3.HashLength;
            count -= taken;
            job = job.Skip(taken);
        }
    }

    private static void Single(in Job job, byte* output, Blake3Degree degree)
    {
        var value = stackalloc uint[8];
        for (var i = 0; i < 8; i++)
            value[i] = job.Key[i];
        var last = job.Length - Blake3.BlockLength;
        for (var offset = 0; offset <= last; offset += Blake3.BlockLength)
            Blake3Compression.Compress(value, job.Input + offset, job.Counter, Blake3.BlockLength, job.FlagsAt(offset, last), degree);
        for (var i = 0; i < 8; i++)
            ((uint*)output)[i] = value[i];
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Group<TLanes, TVector>(in Job job, int count, byte* output)
        where TLanes : struct, IBlake3Lanes<TVector>
        where TVector : unmanaged
    {
        unchecked
        {
            var room = stackalloc byte[12 * sizeof(TVector) + 63];
            var values = (TVector*)(((nuint)room + 63) & ~(nuint)63);
            var tails = values + 8;
            var lanes = stackalloc byte*[TLanes.Count];
            var outputs = stackalloc byte*[TLanes.Count];
            var spare = stackalloc byte[Blake3.HashLength];
            for (var i = 0; i < 8; i++)
                values[i] = TLanes.Broadcast(job.Key[i]);
            for (var i = 0; i < TLanes.Count; i++)
            {
                var counter = job.Counter + (ulong)i * job.CounterStep;
                ((uint*)tails)[i] = (uint)counter;
                ((uint*)(tails + 1))[i] = (uint)(counter >> 32);
                lanes[i] = i < count ? job.Input + i * job.Length : job.Input;
                outputs[i] = i < count ? output + i * Blake3.HashLength : spare;
            }

            tails[2] = TLanes.Broadcast(Blake3.BlockLength);
            tails[3] = TLanes.Broadcast(job.Flags);
            Blake3Wide<TLanes, TVector>.Compress(lanes, 0, job.Length, values, tails, job.FirstFlag, job.LastFlag);
            Blake3Wide<TLanes, TVector>.Store(values, outputs);
        }
    }

    /// <summary>What the inputs have in common. Each is <c>Length</c> bytes long, a multiple of 64; they stand back to back.</summary>
    private readonly struct Job(byte* input, int length, ulong counter, uint counterStep, uint* key, uint flags, uint firstFlag, uint lastFlag)
    {
        internal readonly byte* Input = input;
        internal readonly int Length = length;
        internal readonly ulong Counter = counter;
        internal readonly uint CounterStep = counterStep;
        internal readonly uint* Key = key;
        internal readonly uint Flags = flags;
        internal readonly uint FirstFlag = firstFlag;
        internal readonly uint LastFlag = lastFlag;

        internal uint FlagsAt(int offset, int last) => Flags | (offset == 0 ? FirstFlag : 0) | (offset == last ? LastFlag : 0);

        internal Job Skip(int count) =>
            new(Input + (nint)count * Length, Length, unchecked(Counter + (ulong)count * CounterStep), CounterStep, Key, Flags, FirstFlag, LastFlag);
    }
}
