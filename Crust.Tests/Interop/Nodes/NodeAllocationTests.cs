using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>What a message costs two nodes together, sender, receiver and their loopback link: all that the process allocates while many are sent.</summary>
[Collection(Alone.Name)]
public sealed class NodeAllocationTests(ITestOutputHelper output)
{
    private const string Work = "work";
    private const int WarmUp = 100_000, Messages = 200_000;

    /// <summary>So many are under way at most, where a message has its answer before many others are sent.</summary>
    private const int Round = 1000;

    private static readonly byte[] Payload = new byte[100];

    private int _received;
    private int _awaited;
    private TaskCompletionSource _came = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// All that a message needs is used again; what is left are batches, waits and timers, what windows that still grow take for the first time, and evidence, which is 48 bytes a message.
    /// Measured: 1 to 13 bytes, with evidence 53; as fast as it goes 13 to 20, and 49, and once windows have grown 1. Bounds of ours.
    /// </summary>
    [Theory]
    [InlineData(Round, false, false, 40)]
    [InlineData(Round, true, false, 40)]
    [InlineData(Round, true, true, 90)]
    [InlineData(Messages, false, false, 80)]
    [InlineData(Messages, true, false, 80)]
    [InlineData(Messages, true, true, 130)]
    public async Task Message_AllocatesLittle_OnceWarm(int underWay, bool signed, bool keepsEvidence, int most)
    {
        Optimized.Require();
        await using var b = await StreamTests.StartAsync(o => o.KeepEvidence = keepsEvidence);
        b.Handle(Work, (_, _) =>
        {
            if (Interlocked.Increment(ref _received) == Volatile.Read(ref _awaited))
                _came.TrySetResult();
            return ValueTask.CompletedTask;
        });
        await using var a = await StreamTests.StartAsync(o => o.Sign = signed);
        var connection = await a.ConnectToAddressAsync(b.Addresses.First(x => x.Transport == TransportKind.Tcp), Token);
        connection.SendsSigned.Should().Be(signed);
        await SendAsync(connection, WarmUp, underWay);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await SendAsync(connection, Messages, underWay);
        var perMessage = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Messages;

        output.WriteLine($"{perMessage:0.0} bytes a message");
        using (var ticks = new AllocationTicks())
        {
            await SendAsync(connection, Messages, underWay);
            output.WriteLine($"samples of another {Messages}: {ticks}");
        }

        perMessage.Should().BeLessThan(most);
    }

    /// <summary>Sends so many, in rounds: one begins when all of the one before have come.</summary>
    private async Task SendAsync(PeerConnection connection, int count, int underWay)
    {
        for (var left = count; left > 0;)
        {
            var round = Math.Min(underWay, left);
            left -= round;
            _came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _awaited, _received + round);
            for (var i = 0; i < round; i++)
                await connection.SendAsync(Work, Payload, Token);
            await _came.Task.WaitAsync(Eventually.Soon, Token);
        }
    }

    /// <summary>Of which types it is, of samples that the runtime takes every 100 KB.</summary>
    private sealed class AllocationTicks : EventListener
    {
        private readonly ConcurrentDictionary<string, int> _samples = new();

        public override string ToString() =>
            $"{_samples.Values.Sum()} × 100 KB, {string.Join(", ", _samples.OrderByDescending(s => s.Value).Take(12).Select(s => $"{s.Value} {s.Key}"))}";

        protected override void OnEventSourceCreated(EventSource source)
        {
            // GC, every allocation tick.
            if (source.Name == "Microsoft-Windows-DotNETRuntime")
                EnableEvents(source, EventLevel.Verbose, (EventKeywords)1);
        }

        protected override void OnEventWritten(EventWrittenEventArgs e)
        {
            if (e.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true)
                _samples.AddOrUpdate($"{e.Payload![e.PayloadNames!.IndexOf("TypeName")]}", 1, static (_, n) => n + 1);
        }
    }
}
