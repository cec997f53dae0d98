namespace Crust.Nat.PortMapping.Pcp;

/// <summary>Opcodes of PCP, RFC 6887 §19.2. PEER (2) is not used here.</summary>
internal enum PcpOpcode : byte
{
    /// <summary>§14.1: tells the epoch.</summary>
    Announce = 0,

    /// <summary>§11: maps a port, or opens a pinhole where nothing is translated.</summary>
    Map = 1,
}
