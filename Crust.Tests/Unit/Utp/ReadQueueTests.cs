using System.Buffers;
using Crust.Utp.Memory;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class ReadQueueTests
{
    private readonly BlockPool _pool = new(1500);

    [Fact]
    public void ItIsAStream_ShownWhereItLies_AndHoldsNoBlockWhenItIsEmpty()
    {
        var random = new Random(1);
        var queue = new ReadQueue(_pool);
        var model = new Queue<byte>();
        for (var step = 0; step < 3_000; step++)
        {
            var bytes = new byte[random.Next(0, 20_000)];
            random.NextBytes(bytes);
            queue.Append(bytes);
            Array.ForEach(bytes, model.Enqueue);
            var lent = queue.Lend();
            lent.Length.Should().Be(model.Count).And.Be(queue.Length);
            if (step % 50 == 0)
                lent.ToArray().Should().Equal(model);
            // More comes while somebody reads: nothing of what was shown changes.
            var more = new byte[random.Next(0, 3_000)];
            queue.Append(more);
            var taken = random.Next(0, (int)lent.Length + 1);
            lent.Slice(0, taken).ToArray().Should().Equal(model.Take(taken));
            queue.Release(taken);
            for (var i = 0; i < taken; i++)
                model.Dequeue();
            Array.ForEach(more, model.Enqueue);
        }

        queue.Release(queue.Length);
        _pool.BlocksInUse.Should().Be(0);
        (queue.End - queue.Begin).Should().Be(0);
    }

    [Fact]
    public void Blocks_AreSmallUntilOneWasFilled_AndAgainAfterRest()
    {
        var queue = new ReadQueue(_pool);
        queue.Append(new byte[1]);
        queue.Lend().IsSingleSegment.Should().BeTrue();
        queue.Append(new byte[BlockPool.BlockLength]);
        _pool.BlocksInUse.Should().Be(2);
        queue.Append(new byte[BlockPool.LargeBlockLength - 1]);
        _pool.BlocksInUse.Should().Be(2, "the second is a large one");
        queue.Release(queue.Length);
        queue.Append(new byte[BlockPool.LargeBlockLength]);
        queue.Lend().IsSingleSegment.Should().BeTrue();
        queue.Release(queue.Length);
        queue.Trim();
        queue.Append(new byte[BlockPool.BlockLength + 1]);
        queue.Lend().IsSingleSegment.Should().BeFalse();
    }

    [Fact]
    public void WhatAReaderHolds_IsNobodyElses_WhenTheQueueIsCleared()
    {
        var queue = new ReadQueue(_pool);
        queue.Append([1, 2, 3]);
        var lent = queue.Lend();
        queue.Clear();
        queue.Length.Should().Be(0);
        _pool.BlocksInUse.Should().Be(0);
        // Another connection of the same endpoint.
        var other = new ReadQueue(_pool);
        other.Append([9, 9, 9]);
        lent.ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void CopyTo_TakesFromTheBeginning_AcrossBlocks()
    {
        var queue = new ReadQueue(_pool);
        var bytes = new byte[BlockPool.BlockLength * 2];
        new Random(2).NextBytes(bytes);
        queue.Append(bytes);
        queue.Release(100);
        var copy = new byte[BlockPool.BlockLength + 500];
        queue.CopyTo(copy);
        copy.Should().Equal(bytes[100..(100 + copy.Length)]);
    }

    [Fact]
    public void NothingIsAllocated_OnceAStreamRuns()
    {
        var queue = new ReadQueue(_pool);
        var packet = new byte[1_450];
        for (var i = 0; i < 1_000; i++)
            Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            Turn();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Turn()
        {
            for (var n = 0; n < 40; n++)
                queue.Append(packet);
            queue.Release((int)queue.Lend().Length);
        }
    }
}
