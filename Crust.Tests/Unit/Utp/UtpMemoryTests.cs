using Crust.Primitives;
using Crust.Utp.Memory;
using Crust.Utp.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class UtpMemoryTests
{
    private readonly BlockPool _pool = new(1472);

    [Fact]
    public void ReorderBuffer_SaysWhatItHolds_AndGivesItInOrder()
    {
        var random = new DeterministicRandom(2);
        var buffer = new ReorderBuffer(_pool);
        var stream = new ReadQueue(_pool);
        var held = new SortedSet<long>();
        var expected = 65_000L;
        for (var i = 0; i < 20_000; i++)
        {
            var number = expected + 1 + random.Next(random.Chance(0.1) ? 1_000 : 40);
            buffer.Add(number, new[] { (byte)(number & 0xFF) }, expected).Should().Be(held.Add(number));
            var from = expected + random.Next(100);
            var bits = 0UL;
            for (var bit = 0; bit < 64; bit++)
                bits |= held.Contains(from + bit) ? 1UL << bit : 0;
            buffer.PresentFrom(from).Should().Be(bits);
            if (random.Chance(0.4))
            {
                expected++;
                while (buffer.TryMove(expected, stream))
                {
                    held.Remove(expected).Should().BeTrue();
                    expected++;
                }

                held.Remove(expected);
            }

            buffer.Count.Should().Be(held.Count);
        }

        buffer.Clear();
        _pool.PacketsInUse.Should().Be(0);
    }

    [Fact]
    public void WindowBudget_GivesWhatIsLeft()
    {
        var budget = new WindowBudget(1_000);

        budget.Take(700).Should().Be(700);
        budget.Take(700).Should().Be(300);
        budget.Take(1).Should().Be(0);
        budget.GiveBack(500);
        budget.Take(900).Should().Be(500);
    }
}
