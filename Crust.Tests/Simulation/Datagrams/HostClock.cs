using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>A host's own monotonic clock: begins anywhere and goes a little too fast or too slow, as clocks do.</summary>
/// <param name="world">The true time.</param>
/// <param name="offset">What it shows when the world shows zero.</param>
/// <param name="partsPerMillion">How much faster it goes.</param>
internal sealed class HostClock(World world, TimeSpan offset, int partsPerMillion)
{
    private const long Million = 1_000_000;

    private readonly long _offset = offset.Ticks / TimeSpan.TicksPerMicrosecond;

    internal Instant Now => new(_offset + world.Now.Microseconds + (long)((Int128)world.Now.Microseconds * partsPerMillion / Million));

    /// <summary>The first moment of the world at which this clock shows at least <paramref name="local"/>.</summary>
    internal Instant ToWorld(Instant local)
    {
        var time = local.Microseconds - _offset;
        return new Instant((long)((Int128)time * Million / (Million + partsPerMillion)) + 1);
    }
}
