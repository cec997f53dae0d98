namespace Crust.Nat.PortMapping.Pcp;

/// <summary>What the header of a PCP response says.</summary>
/// <param name="Version">2, or the version that the router speaks if it is another: 0 is NAT-PMP.</param>
/// <param name="Opcode">Of the request that it answers.</param>
/// <param name="Result">What came of it.</param>
/// <param name="LifetimeSeconds">Of a mapping; after an error, how long the same request would fail again (§7.2).</param>
/// <param name="Epoch">Seconds since the router last lost its mappings.</param>
internal readonly record struct PcpHeader(byte Version, PcpOpcode Opcode, PcpResult Result, uint LifetimeSeconds, uint Epoch);
