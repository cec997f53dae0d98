namespace Crust.Benchmarks.Scenarios;

/// <summary>What a bulk transfer took.</summary>
/// <param name="Bytes">Payload.</param>
/// <param name="Elapsed">From the first write to the last byte read.</param>
/// <param name="Processor">Processor time of both sides, the kernel's part included.</param>
internal readonly record struct Transfer(long Bytes, TimeSpan Elapsed, TimeSpan Processor)
{
    internal double GigabytesPerSecond => Bytes / 1e9 / Elapsed.TotalSeconds;

    internal double ProcessorSecondsPerGigabyte => Processor.TotalSeconds / (Bytes / 1e9);
}
