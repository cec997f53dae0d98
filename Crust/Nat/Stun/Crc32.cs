namespace Crust.Nat.Stun;

/// <summary>CRC-32 (ITU V.42, polynomial 0x04C11DB7 reflected), as FINGERPRINT uses it (RFC 8489 §14.7). No protection against anybody.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    private static readonly uint[] Table = MakeTable();

    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var table = Table;
        foreach (var value in bytes)
            crc = table[(crc ^ value) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint index = 0; index < table.Length; index++)
        {
            var crc = index;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            table[index] = crc;
        }

        return table;
    }
}
