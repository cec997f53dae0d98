namespace Crust.Utp.Sending;

/// <summary>What is remembered of a packet that was sent and is not acknowledged by number.</summary>
internal struct SentPacket
{
    /// <summary>Where its payload begins in the stream.</summary>
    internal long Offset;

    /// <summary>When it was sent last, in microseconds.</summary>
    internal long SentMicroseconds;

    /// <summary>Number of its last transmission (<see cref="TransmissionLog"/>).</summary>
    internal uint Transmission;

    /// <summary>Bytes of its payload.</summary>
    internal ushort PayloadLength;

    internal SentPacketState State;

    /// <summary>How often it was sent, up to 255.</summary>
    internal byte Transmissions;
}
