using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Traffic;

/// <summary>
/// Two processes that send each other 10,000 numbered messages a second and a stream, over ways that are cut, stalled and exchanged at random. 15 s; 5 minutes with
/// <c>CRUST_FULL=1</c>, with other faults each time. <c>CRUST_SEED</c> chooses the faults; the seed is printed.
/// </summary>
[Trait("speed", "slow")]
public sealed class TrafficTests(ITestOutputHelper output)
{
    private const int Rate = 10_000;

    /// <summary>What must get through before the next fault: a link that nothing passed was not worth cutting.</summary>
    private const long BetweenFaults = 64 << 10;

    private static readonly bool IsFull = Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    private static readonly int Seconds = IsFull ? 300 : 15;

    /// <summary>So long before the end nothing is hurt any more: what waited is made good, and the rate is kept.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    /// <summary>So late the last message may be sent: a busy machine's pause, and a tenth of what the shorter run sends.</summary>
    private static readonly TimeSpan MostBacklog = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Dictionary<string, int> _faults = [];
    private FaultyRoute _route = null!;

    [Fact]
    public async Task NothingIsLostRepeatedOrOutOfOrder_BetweenTwoProcesses_WhoseLinksAreCutStalledAndRerouted()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CRUST_SEED"), out var chosen) ? chosen : IsFull ? RandomNumberGenerator.GetInt32(int.MaxValue) : 3;
        // First, so that it is there whatever fails.
        output.WriteLine($"seed={seed}; again: CRUST_SEED={seed}{(IsFull ? " CRUST_FULL=1" : "")}");
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        await using var a = CrustProcess.TrafficPeer(folder, Seconds, Rate);
        await using var b = CrustProcess.TrafficPeer(folder, Seconds, Rate);
        var ends = new[] { await EndAsync(a), await EndAsync(b) };
        _route = await RouteAsync(ends, 0, random);
        try
        {
            var start = Stopwatch.GetTimestamp();
            while (!IsOver(a) && !IsOver(b) && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(Seconds) - Calm)
            {
                await PassesAsync(() => IsOver(a) || IsOver(b));
                await Task.Delay(random.Next(50, 1500), TestContext.Current.CancellationToken);
                await HurtAsync(random, ends);
            }

            // With the last fault made good, everything arrives.
            var deadline = TimeSpan.FromSeconds(Seconds * 3) + Patience;
            await Eventually.HoldsAsync(() => IsOver(a) && IsOver(b), $"both have everything: {a}{b}", deadline);
        }
        finally
        {
            await _route.DisposeAsync();
        }

        output.WriteLine($"{string.Join(", ", _faults.Select(f => $"{f.Value} {f.Key}"))}");
        foreach (var process in new[] { a, b })
        {
            process.Events.Should().NotContain(e => e.Name == "broken", Promise.OnceAndInOrder);
            process.Events.Should().NotContain(e => e.Name == "failed", process.ToString());
            var done = process.Events.Single(e => e.Name == "done").Body;
            output.WriteLine($"{done}, peak memory {process.PeakMemory() >> 20} MiB");
            done.GetProperty("received").GetInt64().Should().Be((long)Seconds * Rate, Promise.OnceAndInOrder);
            done.GetProperty("outOfTurn").GetInt64().Should().Be(0, Promise.OnceAndInOrder);
            done.GetProperty("sent").GetInt64().Should().Be((long)Seconds * Rate);
            done.GetProperty("lastBacklogMs").GetDouble().Should().BeLessThan(MostBacklog.TotalMilliseconds, $"{Rate} messages are sent in each of the {Seconds} seconds");
            done.GetProperty("seconds").GetDouble().Should().BeLessThan(Seconds + Calm.TotalSeconds, "what is sent arrives at the same rate");
            done.GetProperty("sessions").GetInt32().Should().Be(1, "one session lived through all of it");
            done.GetProperty("moves").GetInt32().Should().BeGreaterThan(0);
        }

        await Task.WhenAll(a.SayAsync("end"), b.SayAsync("end"));
        (await a.ExitAsync()).Should().Be(0, a.ToString());
        (await b.ExitAsync()).Should().Be(0, b.ToString());
    }

    private static bool IsOver(CrustProcess process) => process.Events.Any(e => e.Name is "done" or "failed" or "broken");

    private static async Task<(CrustProcess Process, PeerAddress Address)> EndAsync(CrustProcess process) =>
        (process, PeerAddress.Parse((await process.EventAsync("ready")).Address, null));

    /// <summary>A new way to one of the ends, on a port of its own and, where loopback has many addresses, on an address of its own; the other end dials it.</summary>
    private static async Task<FaultyRoute> RouteAsync((CrustProcess Process, PeerAddress Address)[] ends, int dialler, Random random)
    {
        var target = ends[1 - dialler].Address;
        var address = OperatingSystem.IsLinux() ? new IPAddress([127, 0, (byte)random.Next(1, 255), (byte)random.Next(1, 255)]) : IPAddress.Loopback;
        var route = new FaultyRoute(address, target.EndPoint);
        await ends[1 - dialler].Process.SayAsync("rest");
        await ends[dialler].Process.SayAsync($"dial {new PeerAddress(TransportKind.Tcp, route.EndPoint, target.Peer)}");
        return route;
    }

    /// <summary>Waits until the session gets on over the present way.</summary>
    private Task PassesAsync(Func<bool> isOver)
    {
        var from = _route.Passed;
        return Eventually.HoldsAsync(() => isOver() || _route.Passed - from >= BetweenFaults, $"messages go on after {string.Join(", ", _faults)}", Patience);
    }

    private async Task HurtAsync(Random random, (CrustProcess Process, PeerAddress Address)[] ends)
    {
        var fault = random.Next(100) switch { < 35 => "cuts", < 50 => "half cuts", < 70 => "short stalls", < 80 => "endless stalls", _ => "reroutings" };
        _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
        switch (fault)
        {
            case "cuts":
                _route.Cut();
                break;
            case "half cuts":
                _route.CutHalf(random.Next(2) == 0);
                break;
            case "short stalls":
                _route.Stall(TimeSpan.FromMilliseconds(random.Next(20, 2500)));
                break;
            case "endless stalls":
                _route.Stall(null);
                break;
            default:
                var old = _route;
                _route = await RouteAsync(ends, random.Next(2), random);
                await old.DisposeAsync();
                break;
        }
    }
}
