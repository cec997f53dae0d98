using System.Collections.Concurrent;
using System.Text;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Session.Records;
using Crust.Tests.Unit.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Attacks on a link after its handshake: by a man in the middle, and by the peer itself.</summary>
public sealed class LinkTests(ITestOutputHelper output)
{
    /// <summary>What a man in the middle may do to one record.</summary>
    public enum Tampering
    {
        FlipBit,
        Repeat,
        Swap,
        Drop,
        CutShort,
    }

    [Theory]
    [InlineData(Tampering.FlipBit)]
    [InlineData(Tampering.Repeat)]
    [InlineData(Tampering.Swap)]
    [InlineData(Tampering.Drop)]
    [InlineData(Tampering.CutShort)]
    public async Task AlteredRecord_EndsTheSessionOnBothSides_AndNothingWrongIsDelivered(Tampering tampering)
    {
        var seed = 7_000 + (int)tampering;
        output.WriteLine($"seed={seed}");
        var random = new Random(seed);
        for (var round = 0; round < 5; round++)
        {
            await using var a = await Loopback.StartAsync();
            await using var b = await Loopback.StartAsync();
            var delivered = new ConcurrentQueue<int>();
            b.Handle("count", (m, _) =>
            {
                delivered.Enqueue(BitConverter.ToInt32(m.Payload.Span));
                return ValueTask.CompletedTask;
            });
            // It may be over before anybody who looks at the list sees it.
            var appeared = new TaskCompletionSource<PeerConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
            b.PeerConnected += c => appeared.TrySetResult(c);
            // Unit 0 is message 1, unit 1 the confirming record, unit 2 may nominate the link.
            var victim = random.Next(3, 12);
            byte[]? held = null;
            await using var proxy = new TamperingProxy(b.Addresses[0].EndPoint, (number, unit) => Tamper(tampering, number - victim, unit, random, ref held));
            var connection = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, b.Id)).WaitAsync(Eventually.Soon);
            var other = await appeared.Task.WaitAsync(Eventually.Soon);

            var sent = 0;
            try
            {
                for (; sent < 100_000; sent++)
                    await connection.SendAsync("count", BitConverter.GetBytes(sent)).AsTask().WaitAsync(Eventually.Soon);
            }
            catch (PeerConnectionClosedException)
            {
                // What the attack achieves, and all it achieves.
            }

            await Task.WhenAll(connection.Completion, other.Completion).WaitAsync(Eventually.Soon);
            sent.Should().BeLessThan(100_000);
            delivered.Should().Equal(Enumerable.Range(0, delivered.Count), "what was delivered is a beginning of what was sent");
            await Loopback.HasNoSessionsAsync(b);
            await Loopback.ServesHonestPeersAsync(b);
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task PeerThatNeverReads_BlocksItsOwnConnectionOnly_WithinABound()
    {
        await using var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node, receiveBuffer: 4096);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];

        var accepted = 0L;
        var payload = new byte[64 * 1024];
        using var blocked = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            while (accepted < 256L << 20)
            {
                await connection.SendAsync("bulk", payload, blocked.Token);
                accepted += payload.Length;
            }
        }
        catch (OperationCanceledException)
        {
            // Full: that is the bound.
        }

        output.WriteLine($"{accepted / 1024.0 / 1024.0:0.0} MiB were accepted for a peer that never read");
        accepted.Should().BeLessThanOrEqualTo(4 * WireLimits.InitialWindow, "the budget grows with what is acknowledged, and nothing is");
        await Loopback.ServesHonestPeersAsync(node);
        var took = await EndsAsync(connection.CloseAsync());
        output.WriteLine($"closing took {took.TotalSeconds:0.0} s");
        await Loopback.HasNoSessionsAsync(node);
    }

    [Fact]
    public async Task FloodOfPings_IsHeldBackByCredit()
    {
        await using var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node, receiveBuffer: 4096);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];

        // Session PINGs and ping messages, never reading an answer: the peer's own machine stops at its credit.
        var machine = new Machine(peer, node.Id);
        var queued = await machine.SendUntilBlockedAsync(PingCodec.Protocol, i => PingCodec.Write(isResponse: false, (ulong)i));
        for (var i = 0; i < 1000; i++)
            await peer.SendAsync(new RecordBuilder().Ping((byte)(i & 0xFF)).Record);

        output.WriteLine($"{queued} pings went out before credit ended");
        queued.Should().BeLessThanOrEqualTo(Machine.MostMessages);
        await Eventually.HoldsAsync(() => connection.Statistics.MessagesReceived == queued, "all that credit allowed is handled");
        var statistics = connection.Session.Statistics;
        (statistics.QueuedMessages + statistics.UnacknowledgedMessages).Should().BeLessThanOrEqualTo(Machine.MostMessages);
        await Loopback.ServesHonestPeersAsync(node);
        peer.Reset();
        await Loopback.HasNoSessionsAsync(node);
    }

    [Fact]
    public async Task GarbageInsideARecord_EndsTheSessionWithAGoodbye()
    {
        await using var node = await Loopback.StartAsync();
        var random = new Random(42);
        for (var i = 0; i < 30; i++)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            await peer.HandshakeAsync();
            var garbage = new byte[random.Next(1, 2000)];
            random.NextBytes(garbage);
            garbage[0] = 0xFF;

            await peer.SendAsync(garbage);

            byte[]? last = null;
            while (await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) is { } record)
                last = record;
            last.Should().NotBeNull();
            last!.TakeLast(3).Should().Equal((byte)FrameType.Goodbye, (byte)GoodbyeCode.ProtocolViolation, 0);
        }

        await Loopback.HasNoSessionsAsync(node);
        await Loopback.ServesHonestPeersAsync(node);
    }

    [Fact]
    public async Task AGoodbye_ReachesAPeerThatIsWriting()
    {
        await using var node = await Loopback.StartAsync();
        for (var i = 0; i < 30; i++)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            await peer.HandshakeAsync();
            await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
            var connection = node.Connections[0];
            var closing = connection.CloseAsync("enough");
            await Eventually.HoldsAsync(() => connection.CloseReason is not null, "the session is over");
            // More than the kernel takes: all of it is read, or this would not end.
            var block = peer.Seal(new byte[16 * 1024]);
            var written = Task.Run(async () =>
            {
                for (var k = 0; k < 400; k++)
                    await peer.Stream.WriteAsync(block);
            });

            await written.WaitAsync(Eventually.Soon);
            byte[]? last = null;
            while (await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) is { } record)
                last = record;
            peer.HalfClose();

            last.Should().NotBeNull();
            Encoding.UTF8.GetString(last!).Should().EndWith("enough");
            await closing.WaitAsync(Eventually.Soon);
        }

        await Loopback.HasNoSessionsAsync(node);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task VanishedPeer_LeavesNoSession_WhetherItResetsOrHalfCloses(bool reset)
    {
        await using var node = await Loopback.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            await peer.Stream.WriteAsync(peer.Message1());
            if (i % 2 == 0)
            {
                await peer.ReadMessage2Async();
                await peer.SendAsync([]);
            }

            if (reset)
                peer.Reset();
            else
                peer.HalfClose();
        }

        await Loopback.HasNoSessionsAsync(node);
        await Loopback.ServesHonestPeersAsync(node);
        await Loopback.HasNoSessionsAsync(node);
    }

    [Fact]
    public async Task HandshakesWithEverNewIdentities_NeverExceedMaxSessions()
    {
        await using var node = await Loopback.StartAsync(o => o.MaxSessions = 5);
        var peers = new List<RawPeer>();
        for (var i = 0; i < 20; i++)
        {
            var peer = await RawPeer.ConnectAsync(node);
            await peer.Stream.WriteAsync(peer.Message1());
            if (await peer.ReadMessage2Async().WaitAsync(Eventually.Soon))
                await peer.SendAsync([]);
            peers.Add(peer);
            node.Connections.Count.Should().BeLessThanOrEqualTo(5);
        }

        await Eventually.HoldsAsync(() => node.Connections.Count == 5, "the first five are in");
        peers.Count(p => p.Result is not null).Should().Be(5);
        peers.ForEach(p => p.Dispose());
        await Loopback.HasNoSessionsAsync(node);
        await Loopback.ServesHonestPeersAsync(node);
    }

    private static async Task<TimeSpan> EndsAsync(Task task)
    {
        var start = TimeProvider.System.GetTimestamp();
        await task.WaitAsync(Eventually.Soon);
        return TimeProvider.System.GetElapsedTime(start);
    }

    private static IEnumerable<byte[]> Tamper(Tampering tampering, int place, byte[] unit, Random random, ref byte[]? held)
    {
        if (place == 1 && tampering == Tampering.Swap)
            return [unit, held!];
        if (place != 0)
            return [unit];
        switch (tampering)
        {
            case Tampering.FlipBit:
                // Not in the length: a promise of more bytes waits for them, and shows with the next record.
                unit[random.Next(RecordHeader.Length, unit.Length)] ^= (byte)(1 << random.Next(8));
                return [unit];
            case Tampering.Repeat:
                return [unit, unit];
            case Tampering.Swap:
                held = unit;
                return [];
            case Tampering.Drop:
                return [];
            default:
                return [unit[..^1]];
        }
    }
}
