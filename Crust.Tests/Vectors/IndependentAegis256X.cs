namespace Crust.Tests.Vectors;

/// <summary>
/// AEGIS-256X of any degree as draft-irtf-cfrg-aegis-aead writes it down, byte by byte and without an instruction for AES: slow, and with nothing in common with what it checks.
/// Degree 1 is AEGIS-256.
/// </summary>
/// <param name="degree">States side by side.</param>
internal sealed class IndependentAegis256X(int degree)
{
    private static readonly byte[] SubBytes = MakeSubBytes();
    private static readonly byte[] C0 = Convert.FromHexString("000101020305080d1522375990e97962");
    private static readonly byte[] C1 = Convert.FromHexString("db3d18556dc22ff12011314273b528dd");

    private readonly byte[][][] _v = [.. Enumerable.Range(0, 6).Select(_ => new byte[degree][])];

    /// <summary>Ciphertext and 32 bytes of tag.</summary>
    internal byte[] Encrypt(byte[] key, byte[] nonce, byte[] associatedData, byte[] plaintext)
    {
        var rate = 16 * degree;
        Initialize(key, nonce);
        foreach (var block in Pad(associatedData, rate).Chunk(rate))
            Update(block);
        var ciphertext = new List<byte>();
        foreach (var block in Pad(plaintext, rate).Chunk(rate))
        {
            for (var i = 0; i < degree; i++)
            {
                for (var j = 0; j < 16; j++)
                    ciphertext.Add((byte)(block[(16 * i) + j] ^ _v[1][i][j] ^ _v[4][i][j] ^ _v[5][i][j] ^ (_v[2][i][j] & _v[3][i][j])));
            }

            Update(block);
        }

        return [.. ciphertext.Take(plaintext.Length), .. Tag(8 * (ulong)associatedData.Length, 8 * (ulong)plaintext.Length)];
    }

    private void Initialize(byte[] key, byte[] nonce)
    {
        var (k0, k1) = (key[..16], key[16..]);
        var (n0, n1) = (Xor(k0, nonce[..16]), Xor(k1, nonce[16..]));
        for (var i = 0; i < degree; i++)
            (_v[0][i], _v[1][i], _v[2][i], _v[3][i], _v[4][i], _v[5][i]) = (n0, n1, C1, C0, Xor(k0, C0), Xor(k1, C1));
        for (var round = 0; round < 4; round++)
        {
            foreach (var word in new[] { k0, k1, n0, n1 })
            {
                for (var i = 0; i < degree; i++)
                {
                    byte[] context = [(byte)i, (byte)(degree - 1), .. new byte[14]];
                    (_v[3][i], _v[5][i]) = (Xor(_v[3][i], context), Xor(_v[5][i], context));
                }

                Update([.. Enumerable.Repeat(word, degree).SelectMany(w => w)]);
            }
        }
    }

    private byte[] Tag(ulong associatedDataBits, ulong plaintextBits)
    {
        byte[] lengths = [.. BitConverter.GetBytes(associatedDataBits), .. BitConverter.GetBytes(plaintextBits)];
        byte[] block = [.. Enumerable.Range(0, degree).SelectMany(i => Xor(_v[3][i], lengths))];
        for (var round = 0; round < 7; round++)
            Update(block);
        var (first, second) = (new byte[16], new byte[16]);
        for (var i = 0; i < degree; i++)
        {
            first = Xor(Xor(first, _v[0][i]), Xor(_v[1][i], _v[2][i]));
            second = Xor(Xor(second, _v[3][i]), Xor(_v[4][i], _v[5][i]));
        }

        return [.. first, .. second];
    }

    private void Update(byte[] block)
    {
        for (var i = 0; i < degree; i++)
        {
            var before = _v.Select(v => v[i]).ToArray();
            _v[0][i] = AesRound(before[5], Xor(before[0], block[(16 * i)..(16 * (i + 1))]));
            for (var j = 1; j < 6; j++)
                _v[j][i] = AesRound(before[j - 1], before[j]);
        }
    }

    /// <summary>FIPS 197: SubBytes, ShiftRows, MixColumns, AddRoundKey.</summary>
    private static byte[] AesRound(byte[] input, byte[] roundKey)
    {
        var output = new byte[16];
        for (var column = 0; column < 4; column++)
        {
            var s = Enumerable.Range(0, 4).Select(row => SubBytes[input[(4 * ((column + row) % 4)) + row]]).ToArray();
            for (var row = 0; row < 4; row++)
                output[(4 * column) + row] = (byte)(Multiply(s[row], 2) ^ Multiply(s[(row + 1) % 4], 3) ^ s[(row + 2) % 4] ^ s[(row + 3) % 4] ^ roundKey[(4 * column) + row]);
        }

        return output;
    }

    private static byte[] MakeSubBytes()
    {
        var table = new byte[256];
        for (var value = 0; value < 256; value++)
        {
            var inverse = (byte)Enumerable.Range(0, 256).FirstOrDefault(candidate => Multiply((byte)candidate, (byte)value) == 1);
            table[value] = 0x63;
            for (var turn = 0; turn < 5; turn++)
                table[value] ^= byte.RotateLeft(inverse, turn);
        }

        return table;
    }

    /// <summary>In GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.</summary>
    private static byte Multiply(byte left, byte right)
    {
        var product = 0;
        for (int bit = 0, shifted = left; bit < 8; bit++, shifted = (shifted << 1) ^ ((shifted & 0x80) != 0 ? 0x11B : 0))
        {
            if ((right & (1 << bit)) != 0)
                product ^= shifted;
        }

        return (byte)product;
    }

    private static byte[] Pad(byte[] bytes, int rate) => [.. bytes, .. new byte[(rate - (bytes.Length % rate)) % rate]];

    private static byte[] Xor(byte[] left, byte[] right) => [.. left.Zip(right, (l, r) => (byte)(l ^ r))];
}
