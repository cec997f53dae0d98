using Crust.Buffers;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SendSchedulerTests
{
    private readonly PayloadArena _arena = new();
    private readonly SendScheduler _queue = new(TimeSpan.FromSeconds(60));
    private readonly Dictionary<string, OutboundProtocol> _protocols = [];

    [Fact]
    public void Take_IsFirstInFirstOut_WithinAPriorityAndProtocol()
    {
        byte[] priorities = [3, 0, 2, 0, 1, 3, 1];
        for (var i = 0; i < priorities.Length; i++)
            Message(priorities[i], token: i + 1);
        Enumerable.Range(0, 4).SelectMany(p => Drain(p)).Should().Equal(2, 4, 5, 7, 3, 1, 6);
        _queue.Count.Should().Be(0);
        _queue.TryPeek(0, true, true, out _).Should().BeFalse();
    }

    [Fact]
    public void Stale_AreOnlyTheMessagesOfLowPriority()
    {
        for (byte priority = 0; priority < WireLimits.PriorityCount; priority++)
            Message(priority, token: priority, queuedAt: priority);
        var stream = Stream(priority: 3);
        Data(stream, 10);
        _queue.Deadline.Should().Be(new Instant(60_000_002));
        _queue.TryTakeStale(new Instant(60_000_001), out _).Should().BeFalse();
        _queue.TryTakeStale(new Instant(60_000_002), out var stale).Should().BeTrue();
        stale!.Priority.Should().Be(2);
        _queue.TryTakeStale(new Instant(60_000_002), out _).Should().BeFalse();
        _queue.TryTakeStale(new Instant(90_000_000), out stale).Should().BeTrue();
        stale!.Priority.Should().Be(3);
        stale.Kind.Should().Be(EntryKind.Message);
        _queue.TryTakeStale(new Instant(long.MaxValue / 2), out _).Should().BeFalse();
        _queue.Deadline.Should().BeNull();
        _queue.Count.Should().Be(3, "two messages of high priority and the stream's data");
    }

    [Fact]
    public void Protocols_ShareAPriorityByBytes_NotByMessages()
    {
        for (var i = 0; i < 2000; i++)
            Message(1, "small", length: 744);
        for (var i = 0; i < 50; i++)
            Message(1, "large", length: 32_512);
        var served = Serve(1, bytes: 1 << 20);
        served["large"].Should().BeInRange(served["small"] / 2, served["small"] * 2);
    }

    [Fact]
    public void MessagesAndStreams_ShareAPriority()
    {
        var (one, two) = (Stream(1, "s1"), Stream(1, "s2"));
        for (var i = 0; i < 2000; i++)
            Message(1, "messages", length: 744);
        for (var i = 0; i < 60; i++)
        {
            Data(one, 1000);
            Data(two, 1000);
        }

        var served = Serve(1, bytes: 120_000);
        (served["s1"] + served["s2"]).Should().BeInRange(served["messages"] / 2, served["messages"] * 2);
        served["s1"].Should().BeInRange(served["s2"] / 2, served["s2"] * 2);
    }

    [Fact]
    public void RingThatWasIdle_DoesNotMakeUpForIt()
    {
        for (var i = 0; i < 3000; i++)
            Message(1, "messages", length: 744);
        Serve(1, bytes: 1 << 20);
        var stream = Stream(1, "late");
        for (var i = 0; i < 60; i++)
            Data(stream, 1000);
        var served = Serve(1, bytes: 60_000);
        served["messages"].Should().BeGreaterThan(20_000);
    }

    [Fact]
    public void FlowWithoutCredit_StandsAside_UntilItsCreditRises()
    {
        var (held, free) = (Stream(1, "held"), Stream(1, "free"));
        for (var sent = 0; sent <= WireLimits.InitialStreamWindow; sent += 16 << 10)
            Data(held, 16 << 10);
        Data(free, 1000);
        var served = Serve(1, bytes: 1 << 20);
        served["held"].Should().Be(WireLimits.Cost(16 << 10) * 4, "the fifth is beyond its window");
        served["free"].Should().Be(WireLimits.Cost(1000));
        held.Raise(WireLimits.InitialStreamWindow * 2);
        _queue.TryPeek(1, true, true, out _).Should().BeFalse();
        _queue.Activate(held.Flow);
        Serve(1, bytes: 1 << 20)["held"].Should().Be(WireLimits.Cost(16 << 10));
    }

    [Fact]
    public void KindWithoutCredit_StandsAside()
    {
        Message(1, "m");
        Data(Stream(1, "s"), 10);
        _queue.TryPeek(1, messageCredit: false, streamCredit: false, out _).Should().BeFalse();
        _queue.TryPeek(1, messageCredit: true, streamCredit: false, out var entry).Should().BeTrue();
        entry!.Kind.Should().Be(EntryKind.Message);
        _queue.TryPeek(1, messageCredit: false, streamCredit: true, out entry).Should().BeTrue();
        entry!.Kind.Should().Be(EntryKind.StreamData);
    }

    [Fact]
    public void Discard_TakesOneStream_AndTakeAnyTheRest()
    {
        var (one, two) = (Stream(1), Stream(2));
        Data(one, 1);
        Data(one, 2);
        Data(two, 3);
        Message(0);
        Message(3);
        var removed = new List<OutboundEntry>();
        _queue.Discard(one.Flow, removed);
        removed.Select(e => e.Payload.Length).Should().Equal(1, 2);
        var rest = 0;
        while (_queue.TryTakeAny(out _))
            rest++;
        (rest, _queue.Count).Should().Be((3, 0));
    }

    private OutboundProtocol Protocol(string name)
    {
        if (!_protocols.TryGetValue(name, out var protocol))
            _protocols.Add(name, protocol = new OutboundProtocol(System.Text.Encoding.ASCII.GetBytes(name), isUnsigned: false));
        return protocol;
    }

    private OutboundStream Stream(byte priority, string protocol = "p") => new(Protocol(protocol), priority);

    private void Message(byte priority, string protocol = "p", long token = 0, int length = 0, long queuedAt = 0)
    {
        var entry = new OutboundEntry();
        entry.SetMessage(Protocol(protocol), priority, _arena.Rent(length), [], token, new Instant(queuedAt));
        _queue.Enqueue(entry);
    }

    private void Data(OutboundStream stream, int length)
    {
        var entry = new OutboundEntry();
        entry.SetStream(EntryKind.StreamData, stream, _arena.Rent(length), [], stream.QueuedThrough, new Instant(0));
        stream.Queued(length);
        _queue.Enqueue(entry);
    }

    private IEnumerable<long> Drain(int priority)
    {
        while (_queue.TryPeek(priority, true, true, out var entry))
        {
            _queue.Take(entry);
            yield return entry.Token;
        }
    }

    /// <summary>Takes entries until so many bytes are served; tells how many of each protocol.</summary>
    private Dictionary<string, long> Serve(int priority, long bytes)
    {
        var served = _protocols.Keys.ToDictionary(p => p, _ => 0L);
        while (bytes > 0 && _queue.TryPeek(priority, true, true, out var entry))
        {
            _queue.Take(entry);
            served[System.Text.Encoding.ASCII.GetString(entry.Protocol.Name)] += entry.Cost;
            bytes -= entry.Cost;
        }

        return served;
    }
}
