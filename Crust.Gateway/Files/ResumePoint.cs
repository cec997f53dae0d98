namespace Crust.Gateway.Files;

/// <summary>A length of a partial file from which a transfer may go on, and the BLAKE3 hash of the bytes before it.</summary>
/// <param name="Offset">From 1 to the file's length.</param>
/// <param name="PrefixHash">32 bytes.</param>
internal readonly record struct ResumePoint(long Offset, ReadOnlyMemory<byte> PrefixHash)
{
    /// <summary>
    /// The places worth offering for a partial file of a length, largest first: its end, which a killed process leaves whole, and some before it for
    /// a machine that lost its power and with it what was not yet on the disk.
    /// </summary>
    internal static long[] OffsetsFor(long length) =>
        [.. new[] { length, length - (64L << 20), length - (1L << 30), length / 2 }.Where(o => o > 0).Distinct().OrderDescending()];
}
