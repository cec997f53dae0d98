using Crust.Buffers;
using Crust.Utp.Memory;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class WriteQueueTests
{
    private readonly BlockPool _pool = new(1500);

    [Fact]
    public void ItIsAStream_HoweverItIsWritten_AndCanBeReadFromAnywhere()
    {
        var random = new Random(3);
        var queue = new WriteQueue(_pool);
        var model = new List<byte>();
        var gathers = 0;
        for (var step = 0; step < 3_000; step++)
        {
            var bytes = new byte[random.Next(0, random.Next(10) == 0 ? 90_000 : 4_000)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0)
            {
                queue.Append(bytes);
            }
            else
            {
                // Room that is not used, room that is used in pieces, and room that was too small.
                queue.Reserve(random.Next(1, 200));
                var room = queue.Reserve(bytes.Length + random.Next(3));
                room.Length.Should().BeGreaterThanOrEqualTo(bytes.Length);
                var first = random.Next(bytes.Length + 1);
                bytes.AsSpan(0, first).CopyTo(room.Span);
                queue.Commit(first);
                bytes.AsSpan(first).CopyTo(room.Span[first..]);
                queue.Commit(bytes.Length - first);
                if (random.Next(2) == 0)
                    queue.EndReservation();
            }

            model.AddRange(bytes);
            queue.Length.Should().Be(model.Count);
            for (var look = 0; look < 3 && model.Count > 0; look++)
            {
                var from = random.Next(model.Count);
                var copy = new byte[random.Next(Math.Min(model.Count - from, 2_000) + 1)];
                queue.CopyTo(queue.Begin + from, copy);
                copy.Should().Equal(model.GetRange(from, copy.Length));
                if (queue.PiecesOf(queue.Begin + from, copy.Length) == 0)
                    continue;
                gathers++;
                var list = new GatherList();
                queue.Gather(queue.Begin + from, copy.Length, list);
                list.Pieces.Length.Should().Be(queue.PiecesOf(queue.Begin + from, copy.Length));
                var gathered = new byte[list.Length];
                list.CopyTo(gathered);
                gathered.Should().Equal(copy);
            }

            var released = random.Next(Math.Min(model.Count, 60_000) + 1);
            queue.Release(queue.Begin + released);
            model.RemoveRange(0, released);
        }

        gathers.Should().BePositive();
        queue.EndReservation();
        queue.Release(queue.End);
        _pool.BlocksInUse.Should().Be(0);
    }

    [Fact]
    public void AWritersRoom_Stays_WhenEverythingBeforeItIsAcknowledged()
    {
        var queue = new WriteQueue(_pool);
        queue.Append([1, 2, 3]);
        var room = queue.Reserve(10);
        queue.Release(3);
        new WriteQueue(_pool).Append(new byte[BlockPool.BlockLength]);
        room.Span[0] = 7;
        queue.Commit(1);
        var copy = new byte[1];
        queue.CopyTo(3, copy);
        copy.Should().Equal(7);
        queue.Release(4);
        queue.EndReservation();
        _pool.BlocksInUse.Should().Be(1, "only the other queue's block is left");
    }

    [Fact]
    public void AWritersRoom_IsNobodyElses_WhenTheQueueIsCleared()
    {
        var queue = new WriteQueue(_pool);
        var room = queue.Reserve(10);
        queue.Clear();
        var other = new WriteQueue(_pool);
        other.Append([1, 2, 3]);
        room.Span.Fill(9);
        var copy = new byte[3];
        other.CopyTo(0, copy);
        copy.Should().Equal(1, 2, 3);
    }

    [Fact]
    public void NothingIsAllocated_OnceAStreamRuns()
    {
        var queue = new WriteQueue(_pool);
        var packet = new byte[1_450];
        for (var i = 0; i < 100; i++)
            Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Turn();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Turn()
        {
            queue.Reserve(65_571);
            queue.Commit(65_571);
            queue.EndReservation();
            for (var at = queue.Begin; at + packet.Length <= queue.End; at += packet.Length)
                queue.CopyTo(at, packet);
            queue.Release(queue.End - 1_000);
        }
    }
}
