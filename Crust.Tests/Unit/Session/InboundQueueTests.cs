using Crust.Buffers;
using Crust.Session.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Messages that wait for a handler: shown together, taken together, in order.</summary>
public sealed class InboundQueueTests
{
    private readonly InboundQueue _queue = new("p");

    [Fact]
    public async Task WhatWasNotShown_IsNotTaken()
    {
        Add(1, 2).Should().Equal([true, false], "the first since the last showing is to be shown");
        _queue.Count.Should().Be(2);
        var taking = _queue.TakeAsync();
        taking.IsCompleted.Should().BeFalse();

        _queue.Show();

        Numbers(await taking).Should().Equal(1, 2);
        _queue.Count.Should().Be(0);
    }

    [Fact]
    public async Task WhatIsShownBeforeSomebodyTakes_IsTakenInOrder()
    {
        Add(1);
        _queue.Show();
        Add([.. Enumerable.Range(2, 500).Select(n => (ulong)n)]).Should().HaveElementAt(0, true);
        _queue.Show();
        Add(502);
        _queue.Count.Should().Be(502);
        _queue.Show();

        Numbers(await _queue.TakeAsync()).Should().Equal(Enumerable.Range(1, 502).Select(n => (ulong)n));
    }

    [Fact]
    public async Task WhatWasShown_IsTakenAfterTheEnd()
    {
        Add(1);
        _queue.Show();
        _queue.Complete();

        Numbers(await _queue.TakeAsync()).Should().Equal(1);
        (await _queue.TakeAsync()).Array.Should().BeNull();
    }

    private static List<ulong> Numbers(ArraySegment<InboundQueue.Item> taken)
    {
        List<ulong> numbers = [.. taken.Select(item => item.Number)];
        InboundQueue.GiveBack(taken);
        return numbers;
    }

    private List<bool> Add(params ReadOnlySpan<ulong> numbers)
    {
        List<bool> firsts = [];
        foreach (var number in numbers)
            firsts.Add(_queue.Add(new InboundQueue.Item(PayloadLease.Empty, number, IsSigned: true, Evidence: null)));
        return firsts;
    }
}
