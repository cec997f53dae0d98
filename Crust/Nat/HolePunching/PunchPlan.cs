namespace Crust.Nat.HolePunching;

/// <summary>Chooses the strategy. Pure.</summary>
internal static class PunchPlan
{
    /// <param name="local">Our side.</param>
    /// <param name="remote">The other side.</param>
    internal static PunchStrategy Choose(PunchDescription local, PunchDescription remote) => (Of(local), Of(remote)) switch
    {
        (PortPredictability.Stable, PortPredictability.Stable) => PunchStrategy.Checks,
        // A side that lets all ports of an address in is found by the checks of the other.
        (PortPredictability.Random, PortPredictability.Stable) => remote.FiltersPorts ? PunchStrategy.OpenMany : PunchStrategy.Checks,
        (PortPredictability.Stable, PortPredictability.Random) => local.FiltersPorts ? PunchStrategy.ProbeMany : PunchStrategy.Checks,
        (PortPredictability.Random, _) or (_, PortPredictability.Random) => PunchStrategy.Brief,
        _ => PunchStrategy.Prediction,
    };

    /// <summary>What is not known is taken for the common case.</summary>
    private static PortPredictability Of(PunchDescription side) => side.Ports == PortPredictability.Unknown ? PortPredictability.Stable : side.Ports;
}
