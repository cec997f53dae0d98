using System.Net;

namespace Crust.Nat.Behavior;

/// <summary>What stands between this node and the internet for one protocol over one address family.</summary>
/// <param name="Mapping">How addresses are translated.</param>
/// <param name="Filtering">Who may send in. For TCP: to whom the listening port answers while it is dialled from.</param>
/// <param name="Ports">How ports of new mappings are chosen.</param>
/// <param name="PortDelta">With <see cref="PortAllocation.Sequential"/>: the distance from one mapping's port to the next, −64 to 64, not 0. Else null.</param>
/// <param name="External">The addresses and ports at which servers saw the node's listening port, the newest last; at most 8. Empty where none answered.</param>
/// <param name="Hairpin">Whether the NAT lets hosts behind it meet at their external addresses (RFC 4787 §6). Null: not tested, or nothing translates.</param>
public sealed record NatProtocolReport(
    MappingBehavior Mapping,
    FilteringBehavior Filtering,
    PortAllocation Ports,
    int? PortDelta,
    IReadOnlyList<IPEndPoint> External,
    bool? Hairpin)
{
    /// <summary>Nothing is known.</summary>
    public static NatProtocolReport Unknown { get; } = new(MappingBehavior.Unknown, FilteringBehavior.Unknown, PortAllocation.Unknown, null, [], null);

    /// <summary>Equal when all members are, the external addresses one by one.</summary>
    public bool Equals(NatProtocolReport? other) =>
        other is not null && Mapping == other.Mapping && Filtering == other.Filtering && Ports == other.Ports && PortDelta == other.PortDelta
        && Hairpin == other.Hairpin && External.SequenceEqual(other.External);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mapping, Filtering, Ports, PortDelta, Hairpin, External.Count);
}
