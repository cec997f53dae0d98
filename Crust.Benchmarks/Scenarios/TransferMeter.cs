using System.Diagnostics;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Measures a transfer whose both ends are in this process.</summary>
internal readonly struct TransferMeter
{
    private readonly long _start;
    private readonly TimeSpan _processor;

    private TransferMeter(long start, TimeSpan processor)
    {
        _start = start;
        _processor = processor;
    }

    internal static TransferMeter Begin() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    internal Transfer End(long bytes) => new(bytes, Stopwatch.GetElapsedTime(_start), Environment.CpuUsage.TotalTime - _processor);
}
