namespace Crust.Tests.Simulation.Datagrams;

/// <summary>How much of a flow had arrived at each time.</summary>
/// <param name="bytes">That much, now.</param>
/// <param name="every">Pause between samples.</param>
internal sealed class Meter(Func<long> bytes, TimeSpan every)
{
    private readonly List<long> _samples = [0];

    /// <summary>The flow, if it is a TCP-like one.</summary>
    internal RivalFlow? Rival { get; init; }

    internal void Sample() => _samples.Add(bytes());

    /// <summary>Megabits a second of payload that arrived between two times.</summary>
    internal double Rate(double fromSeconds, double toSeconds) => (At(toSeconds) - At(fromSeconds)) * 8 / 1e6 / (toSeconds - fromSeconds);

    private long At(double seconds) => _samples[Math.Min((int)Math.Round(seconds / every.TotalSeconds), _samples.Count - 1)];
}
