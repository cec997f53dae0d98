using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Primitives;

public class RingBufferTests
{
    [Fact]
    public void Ring_IsAQueueWithAnIndex_HoweverItGrows()
    {
        var (ring, model, random, next) = (new RingBuffer<int>(), new List<int>(), new DeterministicRandom(2), 0);
        for (var step = 0; step < 20_000; step++)
        {
            if (random.Chance(step < 10_000 ? 0.55 : 0.4))
            {
                ring.Add(next);
                model.Add(next++);
            }
            else
            {
                ring.TryTake(out var item).Should().Be(model.Count > 0);
                if (model.Count > 0)
                {
                    item.Should().Be(model[0]);
                    model.RemoveAt(0);
                }
            }

            ring.Count.Should().Be(model.Count);
            if (model.Count == 0)
                continue;
            var index = random.Next(model.Count);
            ring[index].Should().Be(model[index]);
        }
    }

    [Fact]
    public void Index_HasBounds()
    {
        var ring = new RingBuffer<int>();
        FluentActions.Invoking(() => ring[0]).Should().Throw<ArgumentOutOfRangeException>();
        ring.Add(1);
        FluentActions.Invoking(() => ring[1]).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => ring[-1]).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Taken_IsForgotten()
    {
        var ring = new RingBuffer<object>();
        var weak = AddAndTake(ring);
        GC.Collect();
        weak.IsAlive.Should().BeFalse("what was taken has another owner");
        GC.KeepAlive(ring);
    }

    [Fact]
    public void Trim_NeedsAnEmptyRing()
    {
        var ring = new RingBuffer<int>();
        ring.Add(1);
        ring.TrimWhenEmpty(all: true);
        ring[0].Should().Be(1);
        ring.TryTake(out _).Should().BeTrue();
        ring.TrimWhenEmpty(all: true);
        ring.TryTake(out _).Should().BeFalse();
        ring.Add(2);
        ring[0].Should().Be(2);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference AddAndTake(RingBuffer<object> ring)
    {
        ring.Add(new object());
        ring.TryTake(out var item).Should().BeTrue();
        return new WeakReference(item);
    }
}
