namespace Crust.Tests.Simulation.Datagrams;

/// <summary>The checksum that UDP has (RFC 768, RFC 1071): the ones' complement sum of 16-bit words.</summary>
internal static class UdpChecksum
{
    internal delegate void Change(Span<byte> bytes);

    internal static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
            sum += (uint)(bytes[i] << (i % 2 == 0 ? 8 : 0));
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)(sum ^ ushort.MaxValue);
    }

    /// <summary>Makes a change, and tells whether the receiver's checksum shows it.</summary>
    internal static bool Finds(Span<byte> bytes, Change change)
    {
        var before = Compute(bytes);
        change(bytes);
        return Compute(bytes) != before;
    }
}
