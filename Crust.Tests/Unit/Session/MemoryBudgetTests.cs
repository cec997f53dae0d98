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
    public void Growth_TakesNoMoreThanItLeaves()
    {
        var budget = new MemoryBudget(100);
        budget.TryGrow(51).Should().BeFalse();
        budget.TryGrow(50).Should().BeTrue();
        budget.TryGrow(26).Should().BeFalse("what is large stops first");
        budget.TryGrow(25).Should().BeTrue();
        budget.TryGrow(12).Should().BeTrue();
        budget.Used.Should().Be(87);
        budget.Invoking(b => b.TryGrow(-1)).Should().Throw<ArgumentOutOfRangeException>();
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
        var given = Enumerable.Range(0, 2).Select(_ => new uint[2_000_000]).ToArray();
        using var start = new Barrier(given.Length);
        var workers = given.Select(mine => new Thread(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < mine.Length; i++)
                mine[i] = counter.Next();
        })).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        given.Should().OnlyContain(mine => mine.Zip(mine.Skip(1)).All(pair => pair.First < pair.Second));
        var all = given.SelectMany(g => g).ToHashSet();
        (all.Count, all.Min(), all.Max()).Should().Be((4_000_000, 1U, 4_000_000U), "0 stands for none, and none is given twice");
    }
}
