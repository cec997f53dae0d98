using System.Diagnostics;
using Crust.Session.Driver;
using Crust.Session.Records;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Strangers against a listening node. After each attack an honest peer gets through and no session is left over.</summary>
public sealed class ListenerTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_101;

    [Fact]
    public async Task Garbage_ClosesTheConnection()
    {
        await using var node = await Loopback.StartAsync();
        var random = new Random(Seed);
        output.WriteLine($"seed={Seed}");
        for (var i = 0; i < 100; i++)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            var garbage = new byte[random.Next(4, 20_000)];
            random.NextBytes(garbage);
            // A type that is none; every other one is a promise of more bytes, which the time limit ends.
            garbage[0] = (byte)(garbage[0] | 0x80);
            await TryWriteAsync(peer, garbage);
            (await peer.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0, "garbage is not answered");
        }

        await AllIsWellAsync(node);
    }

    [Fact]
    public async Task TruncatedMessage1_IsNeverAnswered_WhereverItEnds()
    {
        await using var node = await Loopback.StartAsync();
        var connects = 0;
        // Every length around the header, then every fourth: an address may begin 500 handshakes at once.
        for (var length = 0; length < 1400; length += length < 8 ? 1 : 4)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            var message = peer.Message1();
            if (length >= message.Length)
                break;
            await peer.Stream.WriteAsync(message.AsMemory(0, length));
            if (connects % 3 == 0)
            {
                peer.Reset();
            }
            else
            {
                peer.HalfClose();
                (await peer.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0);
            }

            connects++;
        }

        output.WriteLine($"{connects} truncations");
        await AllIsWellAsync(node);
    }

    [Theory]
    [InlineData(RecordType.HandshakeMessage1, 4097)]
    [InlineData(RecordType.HandshakeMessage1, 0)]
    [InlineData(RecordType.HandshakeMessage1, 0xFFFFFF)]
    [InlineData(RecordType.Data, 100)]
    [InlineData(RecordType.Data, 0xFFFFFF)]
    [InlineData(RecordType.HandshakeMessage2, 1200)]
    internal async Task WrongHeader_ClosesTheConnection_BeforeItsBody(RecordType type, int length)
    {
        await using var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node);

        await peer.Stream.WriteAsync(new byte[] { (byte)type, (byte)(length >> 16), (byte)((length >> 8) & 0xFF), (byte)(length & 0xFF) });
        if (type == RecordType.HandshakeMessage2)
            await TryWriteAsync(peer, new byte[length]);

        var closed = Stopwatch.StartNew();
        (await peer.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0);
        closed.Elapsed.Should().BeLessThan(LinkHandshaker.Timeout, "it is the header that ends it, not the time");
        await AllIsWellAsync(node);
    }

    [Fact]
    public async Task ReplayedMessage1_IsAnswered_ButMakesNoSession()
    {
        await using var node = await Loopback.StartAsync();
        var connected = 0;
        node.PeerConnected += _ => Interlocked.Increment(ref connected);
        using var victim = await RawPeer.ConnectAsync(node);
        var captured = victim.Message1();
        await victim.Stream.WriteAsync(captured);
        (await victim.ReadMessage2Async()).Should().BeTrue();
        await victim.SendAsync([]);
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the victim's own session stands");
        var session = node.Connections[0];

        for (var i = 0; i < 20; i++)
        {
            using var replayer = await RawPeer.ConnectAsync(node);
            await replayer.Stream.WriteAsync(captured);
            (await replayer.ReadUnitAsync().WaitAsync(Eventually.Soon)).Should().NotBeNull("only the confirming record tells a replay");
            await replayer.Stream.WriteAsync(new byte[] { (byte)RecordType.Data, 0, 0, 32 }.Concat(new byte[32]).ToArray());
            (await replayer.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0);
        }

        Volatile.Read(ref connected).Should().Be(1);
        node.Connections.Should().ContainSingle().Which.Should().BeSameAs(session);
        session.IsOpen.Should().BeTrue();
        victim.Reset();
        await AllIsWellAsync(node);
    }

    [Fact]
    public async Task FlippedByteInMessage1_ClosesTheConnection()
    {
        await using var node = await Loopback.StartAsync();
        var flipped = 0;
        for (var position = 0; position < 1380; position += 9)
        {
            using var peer = await RawPeer.ConnectAsync(node);
            var message = peer.Message1();
            if (position >= message.Length)
                break;
            message[position] ^= 0x40;
            await TryWriteAsync(peer, message);
            // A length that promises more ends with our sending side, like everything else.
            peer.HalfClose();
            (await peer.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0, $"byte {position} was flipped");
            flipped++;
        }

        output.WriteLine($"{flipped} positions");
        await AllIsWellAsync(node);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task ConnectionsThatSayNothing_AreGoneInTime_AndKeepNobodyOut()
    {
        await using var node = await Loopback.StartAsync();
        var start = Stopwatch.GetTimestamp();
        var silent = new List<RawPeer>();
        for (var i = 0; i < 300; i++)
        {
            var peer = await RawPeer.ConnectAsync(node);
            if (i % 2 == 0)
                await TryWriteAsync(peer, peer.Message1()[..(i * 4)]);
            silent.Add(peer);
        }

        await Loopback.ServesHonestPeersAsync(node);
        output.WriteLine($"an honest peer was served after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        var ends = await Task.WhenAll(silent.Select(async s =>
        {
            await s.ReadToEndAsync();
            return Stopwatch.GetElapsedTime(start);
        })).WaitAsync(LinkHandshaker.Timeout * 3);

        output.WriteLine($"300 silent connections were gone after {ends.Min().TotalSeconds:0.0} to {ends.Max().TotalSeconds:0.0} s (promised: 10 s each)");
        silent.ForEach(s => s.Dispose());
        await AllIsWellAsync(node);
    }

    private static async Task TryWriteAsync(RawPeer peer, byte[] bytes)
    {
        try
        {
            await peer.Stream.WriteAsync(bytes);
        }
        catch (IOException)
        {
            // Closed before we were done: right so.
        }
    }

    private static async Task AllIsWellAsync(CrustNode node)
    {
        await Loopback.ServesHonestPeersAsync(node);
        await Loopback.HasNoSessionsAsync(node);
    }
}
