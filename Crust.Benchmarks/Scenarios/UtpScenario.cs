using Crust.Udp;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Bulk goodput of µTP and what it costs, over loopback with both ends in this process.</summary>
internal static class UtpScenario
{
    /// <summary>A C++ libutp pair over loopback, measured once on the machine that the figures of docs/benchmarks.md come from: a constant, not run here.</summary>
    private const double LibutpGigabytesPerSecond = 0.281;

    private const long Long = 1L << 30;
    private const long Short = 256L << 20;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        foreach (var benchmark in TransferCases.Of("plain", "tcp", () => UtpTransfers.RunAsync(DatagramSocketKind.Segmented, Long), () => TcpTransfers.RunAsync(Long)))
            yield return benchmark;
        yield return Constant("plain", DatagramSocketKind.Segmented, Long);
        yield return Constant("no-gso", DatagramSocketKind.Batched, Short);
    }

    private static BenchmarkCase Constant(string name, DatagramSocketKind kind, long bytes) => new(
        name, "libutp (constant, C++ pair)", "goodput", "GB/s", async () => (await UtpTransfers.RunAsync(kind, bytes)).GigabytesPerSecond,
        () => Task.FromResult(LibutpGigabytesPerSecond));
}
