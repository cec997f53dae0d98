using System.Runtime.CompilerServices;

namespace Crust.Tests.Simulation;

/// <summary>A line of the trace, which costs nothing while nobody reads it.</summary>
[InterpolatedStringHandler]
internal ref struct TraceMessage
{
    private DefaultInterpolatedStringHandler _inner;

    public TraceMessage(int literalLength, int formattedCount, World world, out bool isEnabled)
    {
        isEnabled = world.IsTraced;
        if (isEnabled)
            _inner = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    public void AppendLiteral(string text) => _inner.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

    internal string Take() => _inner.ToStringAndClear();
}
