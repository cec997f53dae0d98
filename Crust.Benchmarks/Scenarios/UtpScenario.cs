using Crust.Udp;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Bulk goodput of µTP and what it costs, one link: over loopback with both ends in this process, and between two network namespaces. What this
/// machine lacks is left out, and standard error says why.
/// </summary>
internal static class UtpScenario
{
    /// <summary>A C++ libutp pair over loopback, measured once on the machine that the figures of docs/benchmarks.md come from: a constant, not run here.</summary>
    private const double LibutpGigabytesPerSecond = 0.281;

    private const string LibutpConstant = "libutp-constant";

    private const long Long = 1L << 30;
    private const long Short = 256L << 20;
    private const long Shortest = 64L << 20;

    internal static IEnumerable<BenchmarkCase> Cases() =>
    [
        .. TransferCases.Of("plain", "tcp", () => LoopbackAsync(DatagramSocketKind.Segmented, Long), () => TcpTransfers.RunAsync(Long)),
        .. TransferCases.Of("plain", "litenetlib", () => LoopbackAsync(DatagramSocketKind.Segmented, Short), () => Task.Run(() => LiteNetTransfers.Run(Shortest))),
        .. Libutp(),
        Constant("plain", DatagramSocketKind.Segmented, Long),
        .. TransferCases.Of("secure", "tls", () => SecureTransfers.SessionAsync(Long), () => SecureTransfers.TlsAsync(Long)),
        Constant("no-gso", DatagramSocketKind.Batched, Short),
        .. SoftwareSegmentation(),
    ];

    private static Task<Transfer> LoopbackAsync(DatagramSocketKind kind, long bytes) => UtpTransfers.OverLoopbackAsync(kind, bytes);

    private static BenchmarkCase Constant(string name, DatagramSocketKind kind, long bytes) => new(
        name, LibutpConstant, "goodput", "GB/s", async () => (await LoopbackAsync(kind, bytes)).GigabytesPerSecond, () => Task.FromResult(LibutpGigabytesPerSecond));

    private static IEnumerable<BenchmarkCase> Libutp() => LibutpSender.Obstacle is { } obstacle
        ? Skip("plain beside libutp", obstacle)
        : TransferCases.Of("plain", "libutp", () => LoopbackAsync(DatagramSocketKind.Segmented, Short), () => UtpTransfers.FromLibutpAsync(Shortest));

    private static BenchmarkCase[] SoftwareSegmentation()
    {
        if (SegmentationLab.Obstacle is { } obstacle)
            return Skip("software-segmentation", obstacle);
        return
        [
            .. TransferCases.Of("software-segmentation", "sendmmsg", () => InLabAsync(DatagramSocketKind.Segmented), () => InLabAsync(DatagramSocketKind.Batched)),
            // What both could reach at most: the same sockets with nothing above them.
            .. TransferCases.Of("bare-segmentation", "sendmmsg", () => BareInLabAsync(DatagramSocketKind.Segmented), () => BareInLabAsync(DatagramSocketKind.Batched)),
        ];
    }

    private static async Task<Transfer> InLabAsync(DatagramSocketKind kind)
    {
        using var lab = new SegmentationLab();
        return await UtpTransfers.OverCableAsync(lab, kind, Short);
    }

    private static async Task<Transfer> BareInLabAsync(DatagramSocketKind kind)
    {
        using var lab = new SegmentationLab();
        return await BareDatagrams.OverCableAsync(lab, kind);
    }

    private static BenchmarkCase[] Skip(string what, string obstacle)
    {
        Console.Error.WriteLine($"{what} is left out: {obstacle}");
        return [];
    }
}
