namespace Crust.Cryptography;

/// <summary>
/// The vector operations of BLAKE3's parallel compression, for one width: each 32-bit element belongs to another input (a lane). Implemented by empty structs,
/// so that the kernel is compiled once for each width with everything inlined.
/// </summary>
internal unsafe interface IBlake3Lanes<TVector>
    where TVector : unmanaged
{
    /// <summary>32-bit elements in a vector: 4, 8 or 16.</summary>
    static abstract int Count { get; }

    /// <summary>Sixteen registers only: not all of the state fits beside what is being computed.</summary>
    static abstract bool RegistersAreFew { get; }

    static abstract TVector Broadcast(uint word);

    /// <summary>Adds modulo 2^32.</summary>
    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Xor(TVector left, TVector right);

    static abstract TVector RotateRight16(TVector value);

    static abstract TVector RotateRight12(TVector value);

    static abstract TVector RotateRight8(TVector value);

    static abstract TVector RotateRight7(TVector value);

    /// <summary>Four words at <paramref name="offset"/> bytes of every fourth lane from <paramref name="lane"/> on: one lane for each 128 bits.</summary>
    static abstract TVector Gather(byte** lanes, int lane, nint offset);

    /// <summary>In each 128 bits: l0 r0 l1 r1.</summary>
    static abstract TVector InterleaveLow(TVector left, TVector right);

    /// <summary>In each 128 bits: l2 r2 l3 r3.</summary>
    static abstract TVector InterleaveHigh(TVector left, TVector right);

    /// <summary>In each 128 bits: l0 l1 r0 r1.</summary>
    static abstract TVector PairLow(TVector left, TVector right);

    /// <summary>In each 128 bits: l2 l3 r2 r3.</summary>
    static abstract TVector PairHigh(TVector left, TVector right);
}
