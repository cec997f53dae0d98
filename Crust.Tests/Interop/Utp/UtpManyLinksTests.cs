using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Crust.Udp;
using Crust.Utp;
using Crust.Utp.Driver;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>Many links on one socket, and what strangers can do to it. Alone: memory is looked at. Figures are printed.</summary>
[Collection(Alone.Name)]
public sealed class UtpManyLinksTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>For what takes some seconds on a quiet machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static bool IsFull => Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    [Fact]
    [Trait("speed", "slow")]
    public async Task IdleLinks_CostLittleMemory_AndFewPackets()
    {
        var count = IsFull ? 10_000 : 2_000;
        var interval = TimeSpan.FromSeconds(IsFull ? 25 : 5);
        await using var pair = UtpPair.Create(options: new UtpTransportOptions { Utp = new UtpOptions { KeepAliveInterval = interval } });
        _ = await OpenAsync(pair, 50);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var links = await OpenAsync(pair, count);
        var statistics = pair.Transport.Pumps[0].Statistics;
        // What opening took has come to rest once a whole interval brought nothing but keep-alives: one for each link and side.
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (2.0 * count);
        var sent = statistics.DatagramsSent;
        var start = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => statistics.DatagramsSent >= sent + 2 * count, "idle links keep their NAT's mapping", interval * 12);
        var rate = (statistics.DatagramsSent - sent) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Print($"{count} idle links on one socket, and as many on another: {bytes:0} bytes for each end; {rate:0} packets/s sent, keep-alive every {interval.TotalSeconds:0} s");

        bytes.Should().BeLessThan(16 * 1024);
        rate.Should().BeLessThan(count, "an idle link does not send every second");
        pair.Transport.Pumps[0].Links.Should().BeGreaterThanOrEqualTo(count);
        links.Should().HaveCount(count);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task ActiveLinks_AllProgress()
    {
        var count = IsFull ? 1_000 : 200;
        await using var pair = UtpPair.Create();
        var links = await OpenAsync(pair, count);
        var received = new long[count];
        using var end = new CancellationTokenSource();
        var running = links.Select((link, index) => Task.WhenAll(
            Task.Run(() => WriteUntilEndAsync(link.Dialled, end.Token)), Task.Run(() => ReadUntilEndAsync(link.Accepted, received, index, end.Token)))).ToArray();
        await Eventually.HoldsAsync(() => received.Min() > 0, "links that write make progress, every one of them", Patience);
        var before = received.ToArray();
        var start = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => received.Sum() - before.Sum() >= count * 500_000L, "links that write make progress", Patience);
        var elapsed = Stopwatch.GetElapsedTime(start);
        var totals = received.Zip(before, (now, then) => now - then).ToArray();
        await Eventually.HoldsAsync(() => received.Zip(before).All(link => link.First > link.Second), "no link starves", Patience);
        await end.CancelAsync();
        foreach (var link in links)
            link.Dialled.Abort(new ConnectionAbortedException("test"));
        await Task.WhenAll(running).WaitAsync(Patience);
        Print($"{count} active links: {totals.Sum() / 1e6 / elapsed.TotalSeconds:0} MB/s together, slowest {totals.Min() / totals.Average():0.00} of the mean");
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task AFloodOfSyns_LeavesNothingBehind_AndHonestDialsSucceed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "All of 127.0.0.0/8 is this host on Linux.");
        var seconds = IsFull ? 10 : 2;
        await using var pair = UtpPair.Create();
        _ = await OpenAsync(pair, 20);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var statistics = pair.Transport.Pumps[0].Statistics;
        var synsBefore = statistics.SynsReceived;
        using var end = new CancellationTokenSource();
        var flood = new SynFlood(pair.Target.Port);
        var flooding = Task.Factory.StartNew(() => flood.Run(50_000, end.Token), TaskCreationOptions.LongRunning);

        var honest = 0;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(seconds) || flood.Sent < 50_000 * seconds / 4)
        {
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(Patience, "the flood floods");
            var (dialled, accepted) = await pair.ConnectAsync();
            await dialled.DisposeAsync();
            await accepted.DisposeAsync();
            honest++;
        }

        await end.CancelAsync();
        await flooding.WaitAsync(Patience);
        var elapsed = Stopwatch.GetElapsedTime(start);
        flood.Dispose();
        var syns = statistics.SynsReceived - synsBefore;
        await Eventually.HoldsAsync(() => pair.Transport.Pumps[0].Links == 20, "honest links that were closed are over");

        // Connections that ended linger for 3 s, in case the last packet was lost: those of honest dials, thousands of them.
        var after = long.MaxValue;
        var allowed = before + Math.Max(syns * 16, 4 << 20);
        await Eventually.HoldsAsync(() => (after = GC.GetTotalMemory(forceFullCollection: true)) < allowed, "a stranger's SYN leaves nothing", Patience);
        Print($"{flood.Sent / elapsed.TotalSeconds:0} SYNs/s sent from {SynFlood.Addresses} addresses, {syns} arrived; {honest} honest dials meanwhile; {after - before} bytes more than before");
        syns.Should().BeGreaterThan(honest + 1_000, "it was a flood");
    }

    [Fact]
    public async Task SeveralSockets_ShareAPort()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_REUSEPORT spreads remotes on Linux.");
        await using var pair = UtpPair.Create(options: new UtpTransportOptions { SocketCount = 3 });
        await using var other = UtpPair.Create();
        pair.Transport.Pumps.Should().HaveCount(3);
        var diallers = Enumerable.Range(0, 12).Select(_ => UtpPair.Make()).ToArray();
        foreach (var dialler in diallers)
        {
            var (dialled, accepted) = await pair.ConnectAsync(dialler);
            await UtpPair.WriteAsync(accepted, new byte[] { 1, 2, 3 });
            (await UtpPair.ReadAsync(dialled.Transport.Input, 3).WaitAsync(Eventually.Soon)).Should().Equal(1, 2, 3);
        }

        // Dials leave from the shared port too, and answers come to whichever socket the kernel likes.
        for (var i = 0; i < 5; i++)
        {
            var (dialled, accepted) = await other.ConnectAsync(pair.Transport);
            dialled.LocalEndPoint.Should().Be(pair.Listener.EndPoint);
            var sent = new byte[500_000];
            Random.Shared.NextBytes(sent);
            var writing = UtpPair.WriteAllAsync(dialled.Transport.Output, sent, 65_536);
            (await UtpPair.ReadAsync(accepted.Transport.Input, sent.Length).WaitAsync(Patience)).Should().Equal(sent);
            await writing.WaitAsync(Eventually.Soon);
        }

        pair.Transport.Pumps.Sum(pump => pump.Links).Should().BeGreaterThanOrEqualTo(12);
        await Task.WhenAll(diallers.Select(dialler => dialler.DisposeAsync().AsTask())).WaitAsync(Patience);
    }

    [Fact]
    public async Task ASocketThatIsOftenFull_LosesNothing()
    {
        await using var pair = UtpPair.Create(options: new UtpTransportOptions { BindSocket = static (local, options) => new ThrottledSocket(DatagramSockets.Bind(local, options)) });
        var (dialled, accepted) = await pair.ConnectAsync();
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        var writing = UtpPair.WriteAllAsync(dialled.Transport.Output, sent, 65_536);
        (await UtpPair.ReadAsync(accepted.Transport.Input, sent.Length).WaitAsync(Patience)).Should().Equal(sent);
        await writing.WaitAsync(Eventually.Soon);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task Packets_AllocateNothing_OnceALinkRuns()
    {
        Optimized.Require();
        await using var pair = UtpPair.Create(options: new UtpTransportOptions { Utp = new UtpOptions { MaxWindowBytes = 1 << 20 } });
        var (dialled, accepted) = await pair.ConnectAsync();
        // Buffers and queues have their size after the first megabytes.
        await MoveAsync(dialled, accepted, 64 << 20);
        var statistics = pair.Transport.Pumps[0].Statistics;
        var packets = statistics.DatagramsReceived;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await MoveAsync(dialled, accepted, 64 << 20);
        packets = statistics.DatagramsReceived - packets;
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        Print($"{bytes} bytes allocated while {packets} packets were received");
        packets.Should().BeGreaterThan(20_000);
        // One object a packet would be 24 bytes; buffers of the shared pool may be renewed by the collector.
        (bytes / (double)packets).Should().BeLessThan(24);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task ALinkEnds_WhenItsPeerVanishes()
    {
        Assert.SkipUnless(IsFull, "Takes the 30 s of silence that a µTP peer is given: CRUST_FULL=1.");
        await using var pair = UtpPair.Create();
        await using var proxy = new DatagramProxy(pair.Target.Port, new ProxyOptions());
        var accepting = pair.Listener.AcceptAsync(None).AsTask();
        var dialled = await pair.Dialler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, proxy.Port), None).AsTask().WaitAsync(Eventually.Soon);
        await UtpPair.WriteAsync(dialled, new byte[1]);
        _ = await accepting.WaitAsync(Eventually.Soon);
        await proxy.DisposeAsync();

        await UtpPair.WriteAsync(dialled, new byte[1_000]);
        var start = Stopwatch.GetTimestamp();
        var failure = await FluentActions.Awaiting(() => UtpPair.ReadAsync(dialled.Transport.Input).WaitAsync(Patience)).Should().ThrowAsync<IOException>();
        failure.Which.InnerException.Should().BeOfType<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.TimedOut);
        Print($"a silent peer was given up after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    }

    private static void Print(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Opens links, some at a time: a listener holds so many.</summary>
    private static async Task<List<(ConnectionContext Dialled, ConnectionContext Accepted)>> OpenAsync(UtpPair pair, int count)
    {
        const int together = 100;
        var links = new List<(ConnectionContext, ConnectionContext)>(count);
        while (links.Count < count)
        {
            var dialled = await Task.WhenAll(Enumerable.Range(0, Math.Min(together, count - links.Count)).Select(async _ =>
            {
                var link = await pair.Dialler.ConnectAsync(pair.Target, None).AsTask().WaitAsync(Patience);
                await UtpPair.WriteAsync(link, new byte[1]);
                return link;
            }));
            foreach (var link in dialled)
            {
                var accepted = (await pair.Listener.AcceptAsync(None).AsTask().WaitAsync(Patience))!;
                accepted.Transport.Input.AdvanceTo((await accepted.Transport.Input.ReadAsync(None)).Buffer.End);
                links.Add((link, accepted));
            }
        }

        return links;
    }

    private static async Task MoveAsync(ConnectionContext from, ConnectionContext to, int length)
    {
        var writing = Task.Run(async () =>
        {
            for (var sent = 0; sent < length; sent += 65_536)
            {
                from.Transport.Output.GetSpan(65_536)[..65_536].Fill(1);
                from.Transport.Output.Advance(65_536);
                await from.Transport.Output.FlushAsync(None);
            }
        });
        for (var received = 0L; received < length;)
        {
            var result = await to.Transport.Input.ReadAsync(None);
            received += result.Buffer.Length;
            to.Transport.Input.AdvanceTo(result.Buffer.End);
        }

        await writing;
    }

    private static async Task WriteUntilEndAsync(ConnectionContext link, CancellationToken end)
    {
        var block = new byte[16_384];
        try
        {
            while (!end.IsCancellationRequested)
                await link.Transport.Output.WriteAsync(block, None);
        }
        catch (IOException)
        {
            // Aborted: the test ended.
        }
    }

    private static async Task ReadUntilEndAsync(ConnectionContext link, long[] received, int index, CancellationToken end)
    {
        try
        {
            while (!end.IsCancellationRequested)
            {
                var result = await link.Transport.Input.ReadAsync(None);
                Interlocked.Add(ref received[index], result.Buffer.Length);
                link.Transport.Input.AdvanceTo(result.Buffer.End);
            }
        }
        catch (IOException)
        {
            // Reset: the test ended.
        }
    }
}
