using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Crust.Identity;
using Crust.Tests.Processes.Traffic;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>
/// A large file by <c>crust send</c> and <c>crust receive</c>, through three cuts and one restart of each side. 64 MiB; 1 GiB with <c>CRUST_FULL=1</c>.
/// </summary>
[Trait("speed", "slow")]
public sealed class LargeFileTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const long MostMemory = 150 << 20;

    private static readonly bool IsFull = Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    private static readonly long Length = IsFull ? 1L << 30 : 64 << 20;

    /// <summary>So slow that there is time for all that happens to it.</summary>
    private static readonly string Limit = IsFull ? "64M" : "8M";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(IsFull ? 15 : 3);

    private readonly TemporaryFolder _folder = new();
    private readonly List<CrustProcess> _processes = [];
    private readonly Dictionary<string, long> _peaks = [];
    private readonly CancellationTokenSource _stopped = new();
    private Task _watching = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        _watching = WatchMemoryAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _watching;
        _stopped.Dispose();
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ALargeFile_ThroughCutsAndRestarts_ArrivesWithTheSameHash_InLittleMemory()
    {
        var file = _folder.PathOf("large");
        var hash = await MakeFileAsync(file);
        var start = Stopwatch.GetTimestamp();
        var receiver = Receive(0);
        var address = PeerAddress.Parse((await receiver.EventAsync("ready")).Address);
        await using var proxy = new FaultyRoute(IPAddress.Loopback, address.EndPoint);
        var toProxy = new PeerAddress(TransportKind.Tcp, proxy.EndPoint, address.Peer);
        var sender = Send(file, toProxy);

        await ReachesAsync(receiver, 1);
        proxy.Cut();
        await ReachesAsync(receiver, 2);
        proxy.Cut();
        await ReachesAsync(receiver, 3);
        await receiver.KillAsync();
        // The same port and identity, as after a crash.
        receiver = Receive(address.EndPoint.Port);
        await ReachesAsync(receiver, 4);
        proxy.Cut();
        await ReachesAsync(receiver, 5);
        await sender.KillAsync();
        sender = Send(file, toProxy);
        var resumed = (await sender.EventAsync("resumed")).Body.GetProperty("bytes").GetInt64();

        await Eventually.HoldsAsync(() => sender.Events.Any(e => e.Name is "done" or "failed"), $"it arrives: {sender}", Patience);
        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        var took = Stopwatch.GetElapsedTime(start);
        resumed.Should().BeGreaterThan(Length * 4 / 8, "what had arrived stayed");
        (await HashAsync(Path.Combine(_folder.PathOf("out"), "large"))).Should().Be(hash, Promise.OnceAndInOrder);
        await _stopped.CancelAsync();
        await _watching;
        output.WriteLine($"{Length >> 20} MiB in {took.TotalSeconds:0} s at most {Limit}/s, {proxy.Connections} links; peak memory: {string.Join(", ", _peaks.Select(p => $"{p.Key} {p.Value / 1024.0 / 1024.0:0} MiB"))}");
        if (OperatingSystem.IsLinux())
            _peaks.Should().HaveCount(4);
        _peaks.Values.Should().OnlyContain(peak => peak < MostMemory);
    }

    /// <summary>So many eighths have arrived.</summary>
    private static Task ReachesAsync(CrustProcess receiver, int eighths) => Eventually.HoldsAsync(
        () => receiver.Events.Any(e => e.Name is "progress" && e.Body.GetProperty("bytes").GetInt64() >= Length * eighths / 8), $"{eighths} eighths arrive: {receiver}", Patience);

    private CrustProcess Receive(int port)
    {
        var receiver = CrustProcess.Crust(
            _folder, "receive", "--out", _folder.PathOf("out"), "--identity", _folder.PathOf("receiver"), "--listen", "127.0.0.1", "--tcp-port", $"{port}", "--json");
        return Add(receiver);
    }

    private CrustProcess Send(string file, PeerAddress address) => Add(CrustProcess.Crust(
        _folder, "send", file, $"{address.Peer}", "--address", $"{address}", "--identity", _folder.PathOf("sender"), "--listen", "127.0.0.1", "--json", "--limit", Limit));

    private CrustProcess Add(CrustProcess process)
    {
        lock (_processes)
            _processes.Add(process);
        return process;
    }

    /// <summary>The kernel keeps the peak, but only as long as the process is there.</summary>
    private async Task WatchMemoryAsync()
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await poll.WaitForNextTickAsync(_stopped.Token))
            {
                CrustProcess[] processes;
                lock (_processes)
                    processes = [.. _processes];
                for (var i = 0; i < processes.Length; i++)
                {
                    if (processes[i].PeakMemory() is { } peak)
                        _peaks[$"{(i % 2 == 0 ? "receiver" : "sender")} {i / 2 + 1}"] = peak;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the test.
        }
    }

    private static async Task<string> MakeFileAsync(string path)
    {
        var random = new Random(1);
        var block = new byte[1 << 20];
        await using (var file = File.Create(path))
        {
            for (var written = 0L; written < Length; written += block.Length)
            {
                random.NextBytes(block);
                await file.WriteAsync(block);
            }
        }

        return await HashAsync(path);
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
    }
}
