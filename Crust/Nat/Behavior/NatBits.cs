namespace Crust.Nat.Behavior;

/// <summary>
/// What a node's record says of its NATs, in the record's capabilities: bits 8–10 mapping, 11–13 filtering, 14–15 ports of UDP over IPv4; 16–18, 19–21 and
/// 22–23 the same of TCP. Values are those of the enums; 0 is unknown, as is a value that is none. Pure.
/// </summary>
internal static class NatBits
{
    /// <summary>The bits that are ours.</summary>
    internal const uint Mask = 0x00FFFF00;

    private const int UdpShift = 8, TcpShift = 16, FilteringShift = 3, PortsShift = 6;

    internal static uint Encode(NatReport report) => (Encode(report.Udp) << UdpShift) | (Encode(report.Tcp) << TcpShift);

    /// <summary>Reads them; of what they do not say nothing is known.</summary>
    internal static NatReport Decode(uint capabilities) =>
        NatReport.Unknown with { Udp = DecodeOne(capabilities >> UdpShift), Tcp = DecodeOne(capabilities >> TcpShift) };

    private static uint Encode(NatProtocolReport report) =>
        (uint)report.Mapping | ((uint)report.Filtering << FilteringShift) | ((uint)report.Ports << PortsShift);

    private static NatProtocolReport DecodeOne(uint bits)
    {
        var mapping = (MappingBehavior)(bits & 7);
        var filtering = (FilteringBehavior)((bits >> FilteringShift) & 7);
        return NatProtocolReport.Unknown with
        {
            Mapping = mapping <= MappingBehavior.Blocked ? mapping : MappingBehavior.Unknown,
            Filtering = filtering <= FilteringBehavior.Blocked ? filtering : FilteringBehavior.Unknown,
            Ports = (PortAllocation)((bits >> PortsShift) & 3),
        };
    }
}
