namespace Crust.Cryptography;

/// <summary>
/// HMAC (RFC 2104) with BLAKE2b (block 128 bytes, output 64), and HKDF over it: in the form of the Noise specification (§4.3) and as
/// HKDF-Expand (RFC 5869 §2.3).
/// </summary>
internal static class HmacBlake2b
{
    internal const int HashLength = Blake2b.HashLength;

    /// <summary>Writes the 64-byte HMAC of <c>first ‖ second</c>. Keys are at most a block long: the key, the parts and the output may be the same memory.</summary>
    internal static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> mac)
    {
        Lengths.Require(mac, HashLength);
        if (key.Length > Blake2b.BlockLength)
            throw new ArgumentException("The key is longer than a block.", nameof(key));
        const byte innerPad = 0x36, outerPad = 0x5C;
        Span<byte> pad = stackalloc byte[Blake2b.BlockLength];
        Span<byte> inner = stackalloc byte[HashLength];
        try
        {
            pad.Clear();
            key.CopyTo(pad);
            foreach (ref var value in pad)
                value ^= innerPad;
            Blake2b.Hash(pad, first, second, inner);
            foreach (ref var value in pad)
                value ^= innerPad ^ outerPad;
            Blake2b.Hash(pad, inner, default, mac);
        }
        finally
        {
            Secrets.Zero(pad);
            Secrets.Zero(inner);
        }
    }

    /// <summary>HKDF(chaining_key, input_key_material, 2) of Noise §4.3. An output may be the chaining key's memory.</summary>
    internal static void Derive(ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> inputKeyMaterial, Span<byte> first, Span<byte> second)
    {
        Span<byte> key = stackalloc byte[HashLength];
        try
        {
            Compute(chainingKey, inputKeyMaterial, default, key);
            Compute(key, [1], default, first);
            Compute(key, first, [2], second);
        }
        finally
        {
            Secrets.Zero(key);
        }
    }

    /// <summary>
    /// HKDF-Expand (RFC 5869 §2.3): fills <paramref name="output"/> (at most 255 × 64 bytes) from a pseudorandom key. Up to 64 bytes of output
    /// may be the key's memory.
    /// </summary>
    internal static void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, Span<byte> output)
    {
        if (output.Length > 255 * HashLength)
            throw new ArgumentException("HKDF gives at most 255 blocks.", nameof(output));
        Span<byte> block = stackalloc byte[HashLength];
        if (output.Length <= HashLength)
        {
            Compute(key, info, [1], block);
            block[..output.Length].CopyTo(output);
            Secrets.Zero(block);
            return;
        }

        var suffixed = new byte[HashLength + info.Length + 1];
        try
        {
            info.CopyTo(suffixed.AsSpan(HashLength));
            var previous = 0;
            for (byte counter = 1; !output.IsEmpty; counter++)
            {
                suffixed[^1] = counter;
                Compute(key, suffixed.AsSpan(HashLength - previous), default, block);
                var take = Math.Min(output.Length, HashLength);
                block[..take].CopyTo(output);
                output = output[take..];
                block.CopyTo(suffixed);
                previous = HashLength;
            }
        }
        finally
        {
            Secrets.Zero(block);
            Secrets.Zero(suffixed);
        }
    }
}
