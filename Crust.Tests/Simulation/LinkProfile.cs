namespace Crust.Tests.Simulation;

/// <summary>How a simulated link carries bytes.</summary>
/// <param name="Delay">One way.</param>
/// <param name="Jitter">Added to it at random; bytes stay in order, as a byte stream's do: lost and reordered packets show as delay.</param>
/// <param name="BytesPerSecond">Bandwidth of one way.</param>
/// <param name="BufferBytes">What a sender may have under way before it has to wait.</param>
internal sealed record LinkProfile(TimeSpan Delay, TimeSpan Jitter, double BytesPerSecond, int BufferBytes)
{
    internal static LinkProfile Draw(World world, bool isSlow)
    {
        var random = world.Random;
        var delay = world.UpTo(TimeSpan.FromMilliseconds(isSlow ? 600 : 120)) + TimeSpan.FromMicroseconds(20);
        return new LinkProfile(
            delay,
            random.Chance(0.5) ? world.UpTo(delay * 2) : TimeSpan.Zero,
            (isSlow ? 20e3 : 500e3) * Math.Pow(isSlow ? 10 : 1000, random.NextDouble()),
            1 << random.Next(13, 19));
    }
}
