using System.Runtime.CompilerServices;
using Crust.Buffers;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Buffers;

[Collection(Alone.Name)]
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

    [Fact]
    public void WhatLiesIdle_IsBounded_AndTheRestIsLetGo()
    {
        var returned = ReturnMany(50);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        returned.Count(r => r.IsAlive).Should().BeLessThanOrEqualTo(4, "8 MiB of one length may lie idle");
    }

    [Fact]
    public void ManyThreads_NeverShareAnArray()
    {
        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 5000; i++)
            {
                var array = SlabPool.Rent(5000);
                array[0] = (byte)worker;
                array[4999] = (byte)(i % 256);
                if (array[0] != (byte)worker || array[4999] != (byte)(i % 256))
                    Assert.Fail("Another thread wrote into the array.");
                SlabPool.Return(array);
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> ReturnMany(int count)
    {
        var arrays = Enumerable.Range(0, count).Select(_ => SlabPool.Rent(SlabPool.MaxLength)).ToList();
        arrays.Should().OnlyHaveUniqueItems("each has one owner");
        arrays.ForEach(SlabPool.Return);
        return [.. arrays.Select(a => new WeakReference(a))];
    }
}
