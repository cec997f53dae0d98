using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SendQueueTests
{
    private static readonly OutboundProtocol Protocol = new("p"u8.ToArray());

    [Fact]
    public void Dequeue_IsByPriority_ThenFirstInFirstOut()
    {
        var queue = new SendQueue(TimeSpan.FromSeconds(60));
        byte[] priorities = [3, 0, 2, 0, 1, 3, 1];
        for (var i = 0; i < priorities.Length; i++)
            queue.Enqueue(Message(priorities[i], i + 1, 0));
        var order = new List<long>();
        while (queue.TryPeek(out var head))
        {
            queue.TryDequeue(out var message).Should().BeTrue();
            message.Should().BeSameAs(head);
            order.Add(message!.Token);
        }

        order.Should().Equal(2, 4, 5, 7, 3, 1, 6);
        queue.Count.Should().Be(0);
        queue.TryDequeue(out _).Should().BeFalse();
    }

    [Fact]
    public void Stale_AreOnlyTheLowPriorities()
    {
        var queue = new SendQueue(TimeSpan.FromSeconds(60));
        for (byte priority = 0; priority < WireLimits.PriorityCount; priority++)
            queue.Enqueue(Message(priority, priority, priority));
        queue.Deadline.Should().Be(new Instant(60_000_002));
        queue.TryDequeueStale(new Instant(60_000_001), out _).Should().BeFalse();
        queue.TryDequeueStale(new Instant(60_000_002), out var stale).Should().BeTrue();
        stale!.Priority.Should().Be(2);
        queue.TryDequeueStale(new Instant(60_000_002), out _).Should().BeFalse();
        queue.TryDequeueStale(new Instant(90_000_000), out stale).Should().BeTrue();
        stale!.Priority.Should().Be(3);
        queue.Deadline.Should().BeNull();
        queue.TryDequeueStale(new Instant(long.MaxValue), out _).Should().BeFalse();
        queue.Count.Should().Be(2);
    }

    private static OutboundMessage Message(byte priority, long token, long queuedAt) => new(Protocol, priority, Array.Empty<byte>(), token, new Instant(queuedAt));
}
