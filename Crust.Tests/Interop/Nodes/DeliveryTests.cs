using System.Collections.Concurrent;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Datagrams, priorities and the meaning of cancellation, between real nodes.</summary>
public sealed class DeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Datagrams_Arrive_Unsigned_AndAreRefusedByLengthAndWithoutALink()
    {
        var arrived = new ConcurrentQueue<(byte First, bool IsSigned)>();
        await using var b = await StreamTests.StartAsync();
        b.HandleDatagrams("position", (m, _) =>
        {
            arrived.Enqueue((m.Payload.Span[0], m.IsSigned));
            return ValueTask.CompletedTask;
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StreamTests.StartAsync();
        var connection = await ConnectAsync(a, proxy, b);

        for (byte i = 0; i < 10; i++)
            connection.TrySendDatagram("position", [i, 0, 0]).Should().BeTrue();
        connection.TrySendDatagram("nobody", [1]).Should().BeTrue("what nobody takes is lost there, not here");
        connection.TrySendDatagram("position", new byte[PeerConnection.MaxDatagramLength]).Should().BeTrue();
        connection.TrySendDatagram("position", new byte[PeerConnection.MaxDatagramLength + 1]).Should().BeFalse();

        await Eventually.HoldsAsync(() => arrived.Count == 11, "fewer than any queue holds are not lost on a link that loses nothing");
        arrived.Select(d => (int)d.First).Should().Equal(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0);
        arrived.Should().OnlyContain(d => !d.IsSigned);
        connection.Statistics.DatagramsSent.Should().Be(12);
        proxy.IsOpen = false;
        proxy.Cut();
        await Eventually.HoldsAsync(() => connection.IsSuspended, "the link is gone");
        connection.TrySendDatagram("position", [1]).Should().BeFalse();
    }

    [Fact]
    public async Task FloodOfDatagrams_DoesNotStopMessages()
    {
        await using var b = await StreamTests.StartAsync();
        b.HandleDatagrams("flood", (_, _) => ValueTask.CompletedTask);
        b.Handle("work", (_, _) => ValueTask.CompletedTask);
        await using var a = await StreamTests.StartAsync();
        var connection = await a.ConnectToAddressAsync(b.Addresses[0], Token);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var flood = Task.Run(() =>
        {
            var payload = new byte[PeerConnection.MaxDatagramLength];
            while (!enough.IsCancellationRequested)
                connection.TrySendDatagram("flood", payload);
        });

        for (var i = 0; i < 50; i++)
            await connection.SendAndConfirmAsync("work", new byte[20_000], Token).WaitAsync(Eventually.Soon, Token);

        await enough.CancelAsync();
        await flood;
        connection.Statistics.DatagramsDropped.Should().BePositive("the flood was more than the link took: else this shows nothing");
    }

    [Fact]
    public async Task UrgentMessage_OvertakesWhatWaits_AndOrderHoldsWithinAPriority()
    {
        var arrived = new ConcurrentQueue<int>();
        await using var b = await StreamTests.StartAsync();
        b.Handle("work", (m, _) =>
        {
            arrived.Enqueue(BitConverter.ToInt32(m.Payload.Span));
            return ValueTask.CompletedTask;
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StreamTests.StartAsync();
        var connection = await ConnectAsync(a, proxy, b);
        proxy.IsOpen = false;
        proxy.Cut();
        await Eventually.HoldsAsync(() => connection.IsSuspended, "the link is gone");

        foreach (var (number, priority) in new[] { (30, MessagePriority.Background), (20, MessagePriority.Low), (10, MessagePriority.Normal), (0, MessagePriority.Urgent), (31, MessagePriority.Background), (1, MessagePriority.Urgent), (11, MessagePriority.Normal), (21, MessagePriority.Low) })
            await connection.SendAsync("work", BitConverter.GetBytes(number), priority, Token);
        proxy.IsOpen = true;
        await a.ConnectToAddressAsync(Address(proxy, b), Token);

        await Eventually.HoldsAsync(() => arrived.Count == 8, "all of them arrive");
        arrived.Should().Equal([0, 1, 10, 11, 20, 21, 30, 31], Promise.OnceAndInOrder);
    }

    [Fact]
    public async Task LowPriorities_AreDroppedAndCounted_WhenTheyWereNotBegunWithinAMinute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var arrived = new ConcurrentQueue<int>();
        await using var b = await StreamTests.StartAsync();
        b.Handle("news", (m, _) =>
        {
            arrived.Enqueue(m.Payload.Span[0]);
            return ValueTask.CompletedTask;
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StreamTests.StartAsync(o => o.TimeProvider = time);
        var connection = await ConnectAsync(a, proxy, b);
        proxy.IsOpen = false;
        proxy.Cut();
        await Eventually.HoldsAsync(() => connection.IsSuspended, "the link is gone");
        foreach (var priority in Enum.GetValues<MessagePriority>())
            await connection.SendAsync("news", new[] { (byte)priority }, priority, Token);

        time.Advance(TimeSpan.FromSeconds(59));
        connection.Statistics.MessagesDropped.Should().Be(0);
        time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.HoldsAsync(() => connection.Statistics.MessagesDropped == 2, "low and background ones are dropped");
        proxy.IsOpen = true;
        await a.ConnectToAddressAsync(Address(proxy, b), Token);
        await connection.SendAsync("news", new byte[] { 9 }, MessagePriority.Background, Token);
        await Eventually.HoldsAsync(() => arrived.Count == 3, "all of them arrive");
        arrived.Should().Equal((int)MessagePriority.Urgent, (int)MessagePriority.Normal, 9);
    }

    [Fact]
    public async Task CancelledSend_StopsTheWaitForRoom_AndTheMessageIsNotSent()
    {
        var arrived = new ConcurrentQueue<int>();
        await using var b = await StreamTests.StartAsync();
        b.Handle("work", (m, _) =>
        {
            arrived.Enqueue(BitConverter.ToInt32(m.Payload.Span));
            return ValueTask.CompletedTask;
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StreamTests.StartAsync();
        var connection = await ConnectAsync(a, proxy, b);
        proxy.IsOpen = false;
        proxy.Cut();
        await Eventually.HoldsAsync(() => connection.IsSuspended, "the link is gone, so that nothing makes room");
        using var impatience = new CancellationTokenSource();
        var payload = new byte[20_000];
        var queued = 0;
        Task waiting;
        while (true)
        {
            BitConverter.TryWriteBytes(payload, queued);
            waiting = connection.SendAsync("work", payload, impatience.Token).AsTask();
            if (!waiting.IsCompleted)
                break;
            await waiting;
            queued++;
        }

        await impatience.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        var already = () => connection.SendAsync("work", payload, impatience.Token).AsTask();
        await already.Should().ThrowAsync<OperationCanceledException>("a token that is cancelled queues nothing");
        connection.TrySend("work", payload).Should().BeFalse("there is still no room");
        queued.Should().BeGreaterThan(5);
        proxy.IsOpen = true;
        await a.ConnectToAddressAsync(Address(proxy, b), Token);
        await connection.SendAndConfirmAsync("work", BitConverter.GetBytes(-1), Token).WaitAsync(Eventually.Soon, Token);
        await Eventually.HoldsAsync(() => arrived.Count == queued + 1, "all that were queued arrive");
        arrived.Should().Equal([.. Enumerable.Range(0, queued), -1], "and the cancelled one does not");
    }

    [Fact]
    public async Task CancelledConfirmation_StopsTheWait_AndTheMessageArrives()
    {
        var arrived = new ConcurrentQueue<byte>();
        await using var b = await StreamTests.StartAsync();
        b.Handle("work", (m, _) =>
        {
            arrived.Enqueue(m.Payload.Span[0]);
            return ValueTask.CompletedTask;
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StreamTests.StartAsync();
        var connection = await ConnectAsync(a, proxy, b);
        proxy.IsOpen = false;
        proxy.Cut();
        await Eventually.HoldsAsync(() => connection.IsSuspended, "the link is gone");
        using var impatience = new CancellationTokenSource();
        var confirming = connection.SendAndConfirmAsync("work", new byte[] { 7 }, impatience.Token);

        await impatience.CancelAsync();

        await FluentActions.Awaiting(() => confirming).Should().ThrowAsync<OperationCanceledException>();
        proxy.IsOpen = true;
        await a.ConnectToAddressAsync(Address(proxy, b), Token);
        await Eventually.HoldsAsync(() => arrived.Count == 1, "all of them arrive");
    }

    /// <summary>Connects through the proxy, and waits until the other end has the session too: one that it never had cannot outlive a cut.</summary>
    private static async Task<PeerConnection> ConnectAsync(CrustNode node, CuttingProxy proxy, CrustNode other)
    {
        var connection = await node.ConnectToAddressAsync(Address(proxy, other), Token);
        await Eventually.HoldsAsync(() => other.Connections.Count == 1, "the other end has the session too");
        return connection;
    }

    private static PeerAddress Address(CuttingProxy proxy, CrustNode node) => new(TransportKind.Tcp, proxy.EndPoint, node.Id);
}
