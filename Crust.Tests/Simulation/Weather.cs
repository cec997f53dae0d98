using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;

namespace Crust.Tests.Simulation;

/// <summary>How datagrams fare between two hosts of a story: drawn anew for each way, and now and then while it goes on.</summary>
internal static class Weather
{
    /// <summary>Shortest path MTU here, headers not counted: what QUIC (RFC 9000 §14) wants of a path too.</summary>
    private const int MinMaxLength = 1200;

    /// <summary>A jumbo frame's.</summary>
    private const int MaxMaxLength = 9000;

    /// <summary>A rate, a delay and a queue, and nothing else.</summary>
    internal static DatagramProfile DrawCalm(World world, bool isSlow)
    {
        var drawn = Draw(world, isSlow);
        return new DatagramProfile { BitsPerSecond = drawn.BitsPerSecond, Delay = drawn.Delay, QueueBytes = drawn.QueueBytes };
    }

    internal static DatagramProfile Draw(World world, bool isSlow)
    {
        var random = world.Random;
        var delay = world.UpTo(TimeSpan.FromMilliseconds(isSlow ? 400 : 120)) + TimeSpan.FromMicroseconds(20);
        var bitsPerSecond = (isSlow ? 160e3 : 4e6) * Math.Pow(isSlow ? 10 : 100, random.NextDouble());
        return DatagramProfile.Link(bitsPerSecond, delay, TimeSpan.FromMilliseconds(random.Next(20, 400))) with
        {
            QueuePackets = random.Chance(0.2) ? random.Next(4, 60) : int.MaxValue,
            Jitter = random.Chance(0.5) ? world.UpTo(delay) : TimeSpan.Zero,
            Loss = random.Next(4) switch
            {
                0 => LossModel.Bernoulli(random.NextDouble() * 0.04),
                1 => LossModel.Bursts(0.001 + (random.NextDouble() * 0.03), 2 + (random.NextDouble() * 8)),
                _ => LossModel.None,
            },
            Reordered = random.Chance(0.3) ? random.NextDouble() * 0.05 : 0,
            ReorderDelay = world.UpTo(TimeSpan.FromMilliseconds(40)),
            Duplicated = random.Chance(0.3) ? random.NextDouble() * 0.05 : 0,
            Corrupted = random.Chance(0.3) ? random.NextDouble() * 0.02 : 0,
            MaxLength = random.Chance(0.3) ? DrawLength(random, MinMaxLength) : int.MaxValue,
            Coalescing = random.Chance(0.3) ? TimeSpan.FromMicroseconds(random.Next(50, 1000)) : TimeSpan.Zero,
        };
    }

    /// <summary>Length of a datagram, from this one up to a jumbo frame's, as often in one octave as in another.</summary>
    internal static int DrawLength(DeterministicRandom random, int shortest) => (int)(shortest * Math.Pow((double)MaxMaxLength / shortest, random.NextDouble()));
}
