using System.Net;
using Crust.Nat.Behavior;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>What of a NAT report matters to a punch.</summary>
/// <param name="Ports">What can be said of a new mapping.</param>
/// <param name="FiltersPorts">Whether only ports that were sent to may send in; true when unknown.</param>
/// <param name="External">Where the listening port was seen.</param>
/// <param name="Delta">From one mapping to the next of a NAT that counts; else 0.</param>
internal sealed record NatKnowledge(PortPredictability Ports, bool FiltersPorts, IReadOnlyList<IPEndPoint> External, int Delta)
{
    internal static NatKnowledge None { get; } = new(PortPredictability.Unknown, true, [], 0);

    internal static NatKnowledge From(NatProtocolReport report) => new(
        report.Mapping switch
        {
            MappingBehavior.None or MappingBehavior.EndpointIndependent => PortPredictability.Stable,
            MappingBehavior.AddressDependent or MappingBehavior.AddressAndPortDependent =>
                report.Ports == PortAllocation.Sequential ? PortPredictability.Sequential : PortPredictability.Random,
            _ => PortPredictability.Unknown,
        },
        report.Filtering is not (FilteringBehavior.None or FilteringBehavior.EndpointIndependent or FilteringBehavior.AddressDependent),
        report.External,
        report.PortDelta ?? 0);
}
