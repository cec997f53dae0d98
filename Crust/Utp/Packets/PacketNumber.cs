namespace Crust.Utp.Packets;

/// <summary>
/// Sequence numbers have 16 bits on the wire. Inside, packets are counted with 64 that never wrap; the low 16 are the sequence number.
/// Windows are below 2^15, so the count that lies nearest to what is expected is the right one.
/// </summary>
internal static class PacketNumber
{
    /// <summary>The sequence number of this packet.</summary>
    internal static ushort ToSequenceNumber(long number) => unchecked((ushort)number);

    /// <summary>The number with these low 16 bits that lies nearest to <paramref name="near"/>.</summary>
    internal static long Nearest(ushort sequenceNumber, long near) => unchecked(near + (short)(ushort)(sequenceNumber - (ushort)near));
}
