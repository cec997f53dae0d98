namespace Crust.Tests.Simulation.Datagrams;

/// <summary>How the window of a <see cref="RivalFlow"/> grows and shrinks.</summary>
internal enum WindowGrowth
{
    /// <summary>RFC 5681: by one packet a round trip; half of it remains after a loss.</summary>
    Reno,

    /// <summary>RFC 9438: by the cube of the time since the last loss, and never slower than Reno would; 70 % of it remains.</summary>
    Cubic,
}
