using Crust.Session;
using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary><see cref="MemoryBudget"/> and <see cref="GenerationCounter"/>: what sessions share without a lock.</summary>
public class MemoryBudgetTests
{
    [Fact]
    public void Reserve_TakesAllOrNothing()
    {
        var budget = new MemoryBudget(100);
        budget.TryReserve(60).Should().BeTrue();
        budget.TryReserve(41).Should().BeFalse();
        (budget.Used, budget.Limit).Should().Be((60, 100));
        budget.TryReserve(40).Should().BeTrue();
        budget.TryReserve(0).Should().BeTrue();
        budget.TryReserve(1).Should().BeFalse();
        budget.ReserveAnyway(5);
        budget.Used.Should().Be(105);
        budget.Release(105);
        budget.Used.Should().Be(0);
        budget.Invoking(b => b.TryReserve(-1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void ManyThreads_NeverHoldMoreThanTheLimit_AndLeaveNothing()
    {
        var budget = new MemoryBudget(1000);
        long held = 0;
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (!budget.TryReserve(300))
                    continue;
                if (Interlocked.Add(ref held, 300) > 1000)
                    Assert.Fail("More is held than there is.");
                Interlocked.Add(ref held, -300);
                budget.Release(300);
            }
        });
        budget.Used.Should().Be(0);
    }

    [Fact]
    public void Generations_AreGivenOnce_ToWhomever()
    {
        var counter = new GenerationCounter();
        var all = new System.Collections.Concurrent.ConcurrentBag<uint>();
        Parallel.For(0, 8, _ =>
        {
            uint last = 0;
            for (var i = 0; i < 5000; i++)
            {
                var next = counter.Next();
                if (next <= last)
                    Assert.Fail("A generation fell.");
                all.Add(last = next);
            }
        });
        all.Should().OnlyHaveUniqueItems().And.HaveCount(40_000);
        all.Min().Should().Be(1, "0 stands for none");
    }
}
