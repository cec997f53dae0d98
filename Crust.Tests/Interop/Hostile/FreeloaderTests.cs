using System.Collections.Concurrent;
using System.Reflection;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Tests.Unit.Session;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>
/// Peers that take part in nothing: one that never reads, one that never acknowledges, one that acknowledges nonsense, one that opens streams without end. Each costs bounded
/// memory, and is ended with a reason or held back; an honest peer beside it notices nothing.
/// </summary>
public sealed class FreeloaderTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    /// <summary>Such a peer used to keep its session for ever, as long as it showed signs of life, and one that took everything made 32 MiB be kept for it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("speed", "slow")]
    public async Task PeerThatSpeaks_AndNeverReadsOrNeverAcknowledges_IsEndedWithAReason(bool reads)
    {
        var time = new FakeTimeProvider();
        await using var node = await Loopback.StartAsync(o => o.TimeProvider = time);
        node.Handle("sign of life", (_, _) => ValueTask.CompletedTask);
        using var peer = await RawPeer.ConnectAsync(node, receiveBuffer: 4096);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];
        var machine = new Machine(peer, node.Id);
        byte[]? last = null;
        var reading = reads ? Task.Run(async () =>
        {
            while (await peer.ReadRecordAsync() is { } record)
                last = record;
        }) : Task.CompletedTask;
        // With its first record the machine says what credit it gives; then it takes whatever comes.
        await machine.SendUntilBlockedAsync("sign of life", _ => [1], most: 1);
        await peer.SendAsync(new RecordBuilder().Acknowledge(0, 1UL << 40, 1UL << 40).Record);
        using var stop = new CancellationTokenSource();
        var accepted = 0L;
        var sending = SendAsync();

        var lived = TimeSpan.Zero;
        for (var signs = 2L; connection.IsOpen; signs++)
        {
            lived.Should().BeLessThan(SessionLimits.Default.ProgressTimeout * 2);
            try
            {
                await machine.SendUntilBlockedAsync("sign of life", _ => [1], most: 1);
            }
            catch (IOException)
            {
                // It has ended between two signs.
            }

            await Eventually.HoldsAsync(() => connection.Statistics.MessagesReceived >= signs || !connection.IsOpen, "the node heard it");
            time.Advance(Step);
            lived += Step;
        }

        await sending;
        output.WriteLine($"ended after {lived.TotalSeconds} s: '{connection.CloseReason}'; {accepted >> 10} KiB were accepted for it");
        lived.Should().BeGreaterThan(SessionLimits.Default.IdleTimeout, "it showed signs of life");
        connection.CloseReason.Should().Be(ProgressWatch.Reason);
        accepted.Should().BeLessThanOrEqualTo(4 * WireLimits.InitialWindow, "the budget grows with what is acknowledged, and nothing is");
        await reading.WaitAsync(Eventually.Soon);
        if (reads)
            last.Should().EndWith(System.Text.Encoding.UTF8.GetBytes(ProgressWatch.Reason), "it is told");
        await EndsAsync(node, time);

        async Task SendAsync()
        {
            try
            {
                for (var payload = new byte[10_000]; accepted < 64L << 20; accepted += payload.Length)
                    await connection.SendAsync("bulk", payload, stop.Token);
            }
            catch (PeerConnectionClosedException)
            {
                // What this is about.
            }
        }
    }

    [Theory]
    [InlineData("too high")]
    [InlineData("falling")]
    [InlineData("within a statement")]
    [InlineData("credit taken back")]
    public async Task PeerThatAcknowledgesNonsense_IsEndedAsAViolation(string nonsense)
    {
        await using var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];
        // The first may go out alone; the others have one statement, or a few.
        for (var i = 0; i < 100; i++)
            await connection.SendAsync("bulk", new byte[100]);
        var ends = new List<ulong>();
        while (ends.Count == 0 || ends[^1] < 100)
            ends.AddRange(BatchEnds(await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) ?? throw new InvalidDataException("It ended.")));

        var builder = new RecordBuilder();
        _ = nonsense switch
        {
            "too high" => builder.Acknowledge(101),
            "falling" => builder.Acknowledge(100).Acknowledge(ends.Count > 1 ? ends[0] : 0),
            "within a statement" => builder.Acknowledge(Enumerable.Range(1, 100).Select(n => (ulong)n).First(n => !ends.Contains(n))),
            _ => builder.Acknowledge(100, messages: (ulong)WireLimits.InitialWindow - 1),
        };
        await peer.SendAsync(builder.Record);

        byte[]? last = null;
        while (await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) is { } record)
            last = record;
        last.Should().EndWith([(byte)FrameType.Goodbye, (byte)GoodbyeCode.ProtocolViolation, 0]);
        await connection.Completion.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        await Loopback.HasNoSessionsAsync(node);
        await Loopback.ServesHonestPeersAsync(node);
    }

    [Fact]
    public async Task PeerThatOpensMoreStreamsThanItMay_IsEndedAsAViolation()
    {
        await using var node = await Loopback.StartAsync();
        var never = new TaskCompletionSource();
        node.HandleStreams("s", (_, _) => new ValueTask(never.Task));
        using var peer = await RawPeer.ConnectAsync(node);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        // Unsigned entries of one batch: nothing is delivered before its statement, yet streams count as they arrive.
        var first = peer.Identity.Id < node.Id ? 0UL : 1;
        var builder = new RecordBuilder().Protocol(1, "s");
        for (var i = 0UL; i < WireLimits.MaxStreams * 2 + 1; i++)
            builder.Stream(i + 1, EntryKind.StreamOpen, first + i * 2);
        await peer.SendAsync(builder.Record);

        byte[]? last = null;
        while (await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) is { } record)
            last = record;
        last.Should().EndWith([(byte)FrameType.Goodbye, (byte)GoodbyeCode.ProtocolViolation, 0]);
        never.SetResult();
        await Loopback.HasNoSessionsAsync(node);
    }

    /// <summary>A peer that opened streams, gave them up and opened more could make any number of handlers run at a time, if they were slow to notice.</summary>
    [Fact]
    public async Task StreamsGivenUpAndOpenedAgain_RunABoundedNumberOfHandlers_AndAreServedLater()
    {
        await using var node = await Loopback.StartAsync();
        var (running, most) = (0, 0);
        var released = new TaskCompletionSource();
        node.HandleStreams("slow", async (stream, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await released.Task;
            Interlocked.Decrement(ref running);
        });
        await using var peer = await Loopback.StartAsync();
        var connection = await peer.ConnectToAddressAsync(node.Addresses[0], TestContext.Current.CancellationToken);
        for (var opened = 0; opened < WireLimits.MaxStreams * 4;)
        {
            try
            {
                connection.OpenStream("slow").Abort(5);
                opened++;
            }
            catch (InvalidOperationException)
            {
                // 256 of them are not over yet.
                await connection.PingAsync(TestContext.Current.CancellationToken);
            }
        }

        await Eventually.HoldsAsync(() => running >= WireLimits.MaxStreams, "handlers run");
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "all of them are over for the peer");
        output.WriteLine($"{most} handlers ran at a time");
        most.Should().BeLessThanOrEqualTo(WireLimits.MaxStreams * 2);
        connection.IsOpen.Should().BeTrue();

        released.SetResult();
        await Eventually.HoldsAsync(() => running == 0, "they end");
        await using var stream = connection.OpenStream("slow");
        stream.CompleteWriting();
        (await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken)).Should().Be(0);
    }

    /// <summary>What came in one record with the opening of a refused stream was kept for ever: after a few refusals no stream got on.</summary>
    [Fact]
    public async Task RefusedStreams_GiveTheirCreditBack()
    {
        await using var node = await Loopback.StartAsync();
        node.HandleRequests("known", (request, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(request.Payload.ToArray()));
        await using var peer = await Loopback.StartAsync();
        var connection = await peer.ConnectToAddressAsync(node.Addresses[0], TestContext.Current.CancellationToken);
        for (var i = 0; i < 40; i++)
        {
            var asking = () => connection.RequestAsync("unknown", new byte[30_000]).WaitAsync(Eventually.Soon);
            await asking.Should().ThrowAsync<ProtocolRefusedException>();
        }

        var answer = await connection.RequestAsync("known", new byte[500_000], TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        answer.Should().HaveCount(500_000);
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0 && node.Connections[0].Session.Statistics.Streams == 0, "all streams are over");
    }

    /// <summary>A stream whose end was acknowledged last was remembered for the life of its session.</summary>
    [Fact]
    public async Task StreamsThatAreOver_AreForgotten()
    {
        await using var node = await Loopback.StartAsync();
        var endpoints = new ConcurrentBag<WeakReference>();
        node.HandleStreams("echo", async (stream, token) =>
        {
            endpoints.Add(EndpointOf(stream));
            await stream.CopyToAsync(stream, token);
        });
        await using var peer = await Loopback.StartAsync();
        var connection = await peer.ConnectToAddressAsync(node.Addresses[0], TestContext.Current.CancellationToken);
        for (var i = 0; i < 200; i++)
            await TalkAsync();

        await Eventually.HoldsAsync(
            () =>
            {
                GC.Collect();
                return endpoints.Count(e => e.IsAlive) < 20;
            },
            "nobody holds them any more");

        async Task TalkAsync()
        {
            await using var stream = connection.OpenStream("echo");
            endpoints.Add(EndpointOf(stream));
            await stream.WriteAsync(new byte[10]);
            stream.CompleteWriting();
            await stream.CopyToAsync(Stream.Null).WaitAsync(Eventually.Soon);
        }

        static WeakReference EndpointOf(PeerStream stream) =>
            new(typeof(PeerStream).GetField("_endpoint", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(stream));
    }

    private static Task EndsAsync(CrustNode node, FakeTimeProvider time) => Eventually.HoldsAsync(
        () =>
        {
            // What it is cut off with, if it does not read its goodbye.
            time.Advance(TimeSpan.FromSeconds(1));
            return node.Connections.Count == 0;
        },
        "no session may be left over");

    /// <summary>The last numbers of the statements in a record.</summary>
    private static List<ulong> BatchEnds(byte[] record)
    {
        var ends = new List<ulong>();
        var reader = new Crust.Wire.SpanReader(record);
        while (reader.TryReadByte(out var type))
        {
            var isRead = (FrameType)type switch
            {
                FrameType.Protocol => ProtocolFrame.TryRead(ref reader, out _),
                FrameType.Entry => EntryFrame.TryRead(ref reader, out _),
                FrameType.Begin => BeginFrame.TryRead(ref reader, out _),
                FrameType.More => MoreFrame.TryRead(ref reader, out _),
                FrameType.End => EndFrame.TryRead(ref reader, out _),
                FrameType.Nominate => NominateFrame.TryRead(ref reader, out _),
                FrameType.Acknowledge => AcknowledgeFrame.TryRead(ref reader, out _),
                FrameType.LinkRequest => LinkRequestFrame.TryRead(ref reader, out _),
                FrameType.Ping or FrameType.Pong => reader.TryReadUInt64(out _),
                FrameType.Batch => TryReadEnd(ref reader, ends),
                _ => false,
            };
            isRead.Should().BeTrue($"frame {type} is one that a node sends");
        }

        return ends;
    }

    private static bool TryReadEnd(ref Crust.Wire.SpanReader reader, List<ulong> ends)
    {
        if (!BatchFrame.TryRead(ref reader, out var batch))
            return false;
        ends.Add(batch.First + (ulong)batch.Count - 1);
        return true;
    }
}
