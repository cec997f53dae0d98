using System.Globalization;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Two cases for a pair of transfers: goodput and processor time. Each measures on its own; the remark tells the other figure of the last round.</summary>
internal static class TransferCases
{
    internal static IEnumerable<BenchmarkCase> Of(string name, string rival, Func<Task<Transfer>> ours, Func<Task<Transfer>> theirs)
    {
        var last = (Ours: default(Transfer), Theirs: default(Transfer));
        async Task<Transfer> Ours() => last.Ours = await ours();
        async Task<Transfer> Theirs() => last.Theirs = await theirs();
        yield return new BenchmarkCase(
            name, rival, "goodput", "GB/s", async () => (await Ours()).GigabytesPerSecond, async () => (await Theirs()).GigabytesPerSecond)
        {
            Remark = () => string.Create(
                CultureInfo.InvariantCulture,
                $"in the last round {last.Ours.ProcessorSecondsPerGigabyte:0.00} and {last.Theirs.ProcessorSecondsPerGigabyte:0.00} s/GB of processor"),
        };
        yield return new BenchmarkCase(
            name, rival, "processor, both sides", "s/GB", async () => (await Ours()).ProcessorSecondsPerGigabyte, async () => (await Theirs()).ProcessorSecondsPerGigabyte)
        {
            LessIsBetter = true,
            Remark = () => string.Create(
                CultureInfo.InvariantCulture, $"in the last round {last.Ours.GigabytesPerSecond:0.00} and {last.Theirs.GigabytesPerSecond:0.00} GB/s"),
        };
    }
}
