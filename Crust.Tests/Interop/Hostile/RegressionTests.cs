using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Wire;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Each test opens with what used to happen.</summary>
public sealed class RegressionTests
{
    [Fact]
    public async Task Handshake_LeavesNoTimerBehind_WhenItSucceeded()
    {
        // The deadline's timer outlived its handshake and cancelled a disposed source 10 s later: an exception on a timer thread, the end of the process.
        var time = new FakeTimeProvider();
        await using var a = await Loopback.StartAsync(o => o.TimeProvider = time);
        await using var b = await Loopback.StartAsync(o => o.TimeProvider = time);
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]).WaitAsync(Eventually.Soon);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "both ends are done");

        var wait = () => time.Advance(TimeSpan.FromSeconds(11));

        wait.Should().NotThrow();
        connection.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task Close_Ends_WhenAHandlerCallsIt()
    {
        // CloseAsync waited for the handlers, so a handler that closed its own connection waited for itself for ever.
        await using var a = await Loopback.StartAsync();
        await using var b = await Loopback.StartAsync();
        var closed = new TaskCompletionSource();
        b.Handle("close", async (m, _) =>
        {
            await m.Connection.CloseAsync("as you wish");
            closed.SetResult();
        });
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);

        await connection.SendAsync("close", new byte[1]);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(15));
        await connection.Completion.WaitAsync(Eventually.Soon);
    }

    [Fact]
    public async Task Dispose_Ends_WhenAHandlerNeverDoes()
    {
        // The node waited for ever for a handler that ignores its cancellation.
        await using var a = await Loopback.StartAsync();
        var time = new FakeTimeProvider();
        var b = await Loopback.StartAsync(o => o.TimeProvider = time);
        var started = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        b.Handle("stuck", async (_, _) =>
        {
            started.TrySetResult();
            await never.Task;
        });
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);
        await connection.SendAsync("stuck", new byte[1]);
        await started.Task.WaitAsync(Eventually.Soon);

        var disposing = b.DisposeAsync().AsTask();

        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return disposing.IsCompleted;
            },
            "a stuck handler must not hold the node");
        never.SetResult();
    }

    [Fact]
    public async Task Goodbye_Arrives_BehindWhatThePeerHasNotReadYet()
    {
        // The link was reset as soon as the goodbye was written: it never arrived behind bytes that the kernel still held.
        var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node, receiveBuffer: 4096);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];
        for (var i = 0; i < 4; i++)
            await connection.SendAsync("bulk", new byte[60_000]);
        await Eventually.HoldsAsync(() => connection.Statistics.MessagesSent == 4, "all is written to the socket");

        await node.DisposeAsync();

        byte[]? last = null;
        while (await peer.ReadRecordAsync().WaitAsync(Eventually.Soon) is { } record)
            last = record;
        last.Should().NotBeNull();
        FindGoodbye(last!).Should().Be(GoodbyeCode.GoingAway);
    }

    [Fact]
    public async Task Ping_LeavesNothingBehind_WhenItIsGivenUp()
    {
        // Each ping that was given up left a continuation on the session for as long as that lived.
        await using var node = await Loopback.StartAsync();
        using var peer = await RawPeer.ConnectAsync(node);
        await peer.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the handshake is done");
        var connection = node.Connections[0];

        for (var i = 0; i < 200; i++)
        {
            using var impatience = new CancellationTokenSource();
            var ping = connection.PingAsync(impatience.Token);
            await impatience.CancelAsync();
            await ping.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        await Eventually.HoldsAsync(() => ContinuationsOf(connection.Completion) < 5, "nothing may hang on the session for a ping that is over");
    }

    [Fact]
    public async Task Dispose_WaitsForConnects()
    {
        // An attempt outlived the node, and used its key and its semaphore after their disposal.
        using var tarpit = new TcpListener(IPAddress.Loopback, 0);
        tarpit.Start();
        using var someone = PeerIdentity.Create();
        for (var round = 0; round < 20; round++)
        {
            var node = await Loopback.StartAsync();
            var connect = node.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, (IPEndPoint)tarpit.LocalEndpoint, someone.Id));
            using var accepted = await tarpit.AcceptTcpClientAsync();

            await node.DisposeAsync();

            // Only the continuation of the public method itself may be under way.
            var outcome = async () => await connect.WaitAsync(TimeSpan.FromMilliseconds(500));
            (await outcome.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.ShuttingDown);
        }
    }

    [Fact]
    public async Task Attachment_StopsAtOnce_WhileItPausesAfterAFailure()
    {
        // The pause after an unexpected failure could not be cancelled: stopping took up to 15 s.
        using var identity = PeerIdentity.Create();
        using var gateway = PeerIdentity.Create();
        var clock = new MonotonicClock(TimeProvider.System);
        var failed = new TaskCompletionSource();
        var contact = new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Loopback, 1), gateway.Id);
        var attachment = new GatewayAttachment(
            new AttachmentOptions(identity, default, [contact], 0, _ => true),
            (_, _) =>
            {
                failed.TrySetResult();
                throw new InvalidOperationException("A bug.");
            },
            () => [], clock, NullLogger.Instance);
        attachment.Start();
        await failed.Task.WaitAsync(Eventually.Soon);

        await attachment.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task HonestPeer_GetsIn_WhileEveryHandshakeSlotIsHeld()
    {
        // 256 connections that said nothing kept everybody else out for 10 s.
        await using var node = await Loopback.StartAsync();
        var stalled = new List<RawPeer>();
        for (var i = 0; i < 300; i++)
            stalled.Add(await RawPeer.ConnectAsync(node));

        await Loopback.ServesHonestPeersAsync(node);

        stalled.ForEach(s => s.Dispose());
        await Loopback.HasNoSessionsAsync(node);
    }

    private static GoodbyeCode? FindGoodbye(byte[] record)
    {
        for (var i = 0; i < record.Length; i++)
        {
            var reader = new SpanReader(record.AsSpan(i));
            if (reader.TryReadByte(out var type) && type == (byte)FrameType.Goodbye && GoodbyeFrame.TryRead(ref reader, out var goodbye) && reader.IsAtEnd)
                return goodbye.Code;
        }

        return null;
    }

    /// <summary>There is no public way to count what hangs on a task.</summary>
    private static int ContinuationsOf(Task task)
    {
        var field = typeof(Task).GetField("m_continuationObject", BindingFlags.Instance | BindingFlags.NonPublic);
        field.Should().NotBeNull("the runtime keeps continuations there");
        return field!.GetValue(task) switch
        {
            null => 0,
            ICollection many => many.Cast<object?>().Count(c => c is not null),
            _ => 1,
        };
    }
}
