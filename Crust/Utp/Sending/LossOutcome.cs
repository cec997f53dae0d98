namespace Crust.Utp.Sending;

/// <summary>What was found lost.</summary>
internal struct LossOutcome
{
    internal int LostPackets;

    internal int LostBytes;

    /// <summary>The last of their transmissions.</summary>
    internal uint LastTransmission;

    /// <summary>The packet that asked for the path MTU is lost; it is not counted above, for its length is the likely cause.</summary>
    internal bool ProbeLost;
}
