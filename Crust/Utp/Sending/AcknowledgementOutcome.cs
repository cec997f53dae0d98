namespace Crust.Utp.Sending;

/// <summary>What one acknowledgement told about the flight.</summary>
internal struct AcknowledgementOutcome
{
    /// <summary>Bytes in flight before it.</summary>
    internal int PriorInFlight;

    /// <summary>Bytes that it says have come, headers included.</summary>
    internal int DeliveredBytes;

    internal int DeliveredPackets;

    /// <summary>Round trip of the latest packet among them that was sent once; 0 when there is none.</summary>
    internal long RttMicroseconds;

    /// <summary>Packets that had been sent again needlessly: the acknowledgement came too soon for the second transmission.</summary>
    internal int SpuriousPackets;

    /// <summary>Something new was acknowledged by number.</summary>
    internal bool HasAdvanced;

    /// <summary>The packet that asked for the path MTU has come.</summary>
    internal bool ProbeDelivered;
}
