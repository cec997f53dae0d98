namespace Crust.Cryptography;

/// <summary>BLAKE2b with the 64-byte output (RFC 7693) by libsodium: the hash of the Noise handshake.</summary>
internal static unsafe class Blake2b
{
    internal const int HashLength = 64;
    internal const int BlockLength = 128;

    /// <summary>Writes the 64-byte hash of <c>first ‖ second ‖ third</c>, any of which the hash may overlap.</summary>
    internal static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> hash)
    {
        Lengths.Require(hash, HashLength);
        // More than the house's 256 bytes: the state has no other place that is not an allocation.
        var memory = stackalloc byte[Libsodium.Blake2bStateLength + 64];
        var state = Align(memory);
        fixed (byte* f = first, s = second, t = third, h = hash)
        {
            _ = Libsodium.Blake2bInit(state, null, 0, HashLength);
            _ = Libsodium.Blake2bUpdate(state, f, (ulong)first.Length);
            _ = Libsodium.Blake2bUpdate(state, s, (ulong)second.Length);
            _ = Libsodium.Blake2bUpdate(state, t, (ulong)third.Length);
            _ = Libsodium.Blake2bFinal(state, h, HashLength);
        }

        Secrets.Zero(new Span<byte>(memory, Libsodium.Blake2bStateLength + 64));
    }

    /// <summary>The first 64-byte boundary in a buffer of <see cref="Libsodium.Blake2bStateLength"/> + 64 bytes.</summary>
    private static byte* Align(byte* memory) => (byte*)(((nuint)memory + 63) & ~(nuint)63);
}
