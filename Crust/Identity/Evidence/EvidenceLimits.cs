namespace Crust.Identity.Evidence;

/// <summary>Bounds of wire version 1 that evidence must be checked against without a session. The session's own are the same.</summary>
internal static class EvidenceLimits
{
    /// <summary>Most leaves under one signature.</summary>
    internal const int MaxBatchCount = 1024;

    /// <summary>Longest payload of a leaf, in bytes.</summary>
    internal const int MaxPayloadLength = 2 << 20;

    /// <summary>Longest protocol name, in bytes of printable ASCII (0x20 to 0x7E); the shortest has one.</summary>
    internal const int MaxProtocolNameLength = 64;
}
