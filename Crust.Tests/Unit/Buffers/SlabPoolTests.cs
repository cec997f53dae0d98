using Crust.Buffers;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Buffers;

public class SlabPoolTests
{
    [Theory]
    [InlineData(0, 4 << 10)]
    [InlineData(4096, 4 << 10)]
    [InlineData(4097, 8 << 10)]
    [InlineData(100_000, 128 << 10)]
    [InlineData(2 << 20, 2 << 20)]
    public void Rent_GivesTheNextPowerOfTwo(int length, int expected)
    {
        var array = SlabPool.Rent(length);
        array.Length.Should().Be(expected);
        SlabPool.Return(array);
    }

    [Fact]
    public void Rent_RefusesMoreThanTheLargest() =>
        FluentActions.Invoking(() => SlabPool.Rent(SlabPool.MaxLength + 1)).Should().Throw<ArgumentOutOfRangeException>();

    /// <summary>The pool is the process's, and other tests use it at the same time: only its bound is certain.</summary>
    [Fact]
    public void WhatLiesIdle_IsBounded()
    {
        var arrays = Enumerable.Range(0, 50).Select(_ => SlabPool.Rent(SlabPool.MaxLength)).ToList();
        arrays.Should().OnlyHaveUniqueItems("each has one owner");
        arrays.ForEach(SlabPool.Return);
        SlabPool.PooledBytes.Should().BeInRange(0, SlabPool.MaxPooledBytes);
        var again = Enumerable.Range(0, 50).Select(_ => SlabPool.Rent(SlabPool.MaxLength)).ToList();
        again.Should().OnlyHaveUniqueItems();
        again.ForEach(SlabPool.Return);
    }

    [Fact]
    public void ManyThreads_NeverShareAnArray()
    {
        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 5000; i++)
            {
                var array = SlabPool.Rent(5000);
                array[0] = unchecked((byte)worker);
                array[4999] = unchecked((byte)i);
                if (array[0] != unchecked((byte)worker) || array[4999] != unchecked((byte)i))
                    Assert.Fail("Another thread wrote into the array.");
                SlabPool.Return(array);
            }
        });
        SlabPool.PooledBytes.Should().BeGreaterThanOrEqualTo(0);
    }
}
