using Crust.Buffers;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Buffers;

[Collection(Alone.Name)]
public class PayloadArenaTests
{
    private readonly PayloadArena _arena = new();

    [Fact]
    public void Leases_AreDisjoint_AndKeepTheirBytes()
    {
        var random = new DeterministicRandom(1);
        var leases = new List<(PayloadLease Lease, byte[] Bytes)>();
        for (var i = 0; i < 3000; i++)
        {
            if (leases.Count > 0 && random.Chance(0.45))
            {
                var index = random.Next(leases.Count);
                leases[index].Lease.Span.SequenceEqual(leases[index].Bytes).Should().BeTrue();
                _arena.Return(leases[index].Lease);
                leases.RemoveAt(index);
                continue;
            }

            var bytes = new byte[random.Chance(0.05) ? random.Next(200_000) : random.Next(3000)];
            random.Fill(bytes);
            leases.Add((_arena.Copy(bytes), bytes));
        }

        _arena.Held.Should().BeGreaterThan(leases.Sum(l => (long)l.Bytes.Length) - 1);
        foreach (var (lease, bytes) in leases)
        {
            lease.Length.Should().Be(bytes.Length);
            lease.Span.SequenceEqual(bytes).Should().BeTrue();
            lease.Memory.Span.SequenceEqual(bytes).Should().BeTrue();
        }

        leases.ForEach(l => _arena.Return(l.Lease));
        _arena.Held.Should().Be(0, "an arena with nothing leased holds nothing");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public void ASharedLease_KeepsItsBytes_UntilBothOwnersReturnedIt(int length)
    {
        var bytes = new byte[length];
        new DeterministicRandom(7).Fill(bytes);
        var shared = _arena.Copy(bytes);
        var other = _arena.Copy(bytes);
        PayloadArena.Share(shared);

        _arena.Return(shared);
        _arena.Return(other);
        for (var i = 0; i < 50; i++)
            _arena.Return(_arena.Copy(new byte[length]));
        shared.Span.SequenceEqual(bytes).Should().BeTrue("its second owner reads it");
        _arena.Held.Should().BeGreaterThanOrEqualTo(length);

        _arena.ReturnShare(shared);
        _arena.Held.Should().Be(0);
        PayloadArena.Share(PayloadLease.Empty);
        _arena.ReturnShare(PayloadLease.Empty);
        _arena.Held.Should().Be(0);
    }

    [Fact]
    public void ShortPayloads_ShareSlabs_ThatGrowWithWhatIsUnderWay()
    {
        var first = _arena.Rent(100);
        _arena.Held.Should().Be(4 << 10);
        var leases = Enumerable.Range(0, 39).Select(_ => _arena.Rent(100)).ToList();
        _arena.Held.Should().Be(4 << 10, "forty times a hundred bytes fit 4 KiB");
        leases.Add(_arena.Rent(100));
        _arena.Held.Should().Be((4 << 10) + (8 << 10));
        for (var i = 0; i < 20_000; i++)
            leases.Add(_arena.Rent(100));
        _arena.Held.Should().BeLessThan(20_000 * 100 + (2 * (256 << 10)), "little is lost");
        leases.ForEach(_arena.Return);
        _arena.Held.Should().Be((4 << 10) + (256 << 10), "one payload is left in the first slab, and the newest waits for the next");
        _arena.Return(first);
        _arena.Held.Should().Be(0);
    }

    [Fact]
    public void LongPayload_HasASlabOfItsOwn()
    {
        var shared = _arena.Rent(10);
        var lease = _arena.Rent(PayloadArena.MaxShared + 1);
        _arena.Held.Should().Be((4 << 10) + (64 << 10));
        _arena.Return(lease);
        _arena.Held.Should().Be(4 << 10);
        var largest = _arena.Rent(SlabPool.MaxLength);
        largest.Length.Should().Be(2 << 20);
        FluentActions.Invoking(() => _arena.Rent(SlabPool.MaxLength + 1)).Should().Throw<ArgumentOutOfRangeException>();
        _arena.Return(largest);
        _arena.Return(shared);
        _arena.Held.Should().Be(0);
    }

    [Fact]
    public void EmptyPayload_CostsNothing_AndMayBeReturnedAtWill()
    {
        var lease = _arena.Rent(0);
        (lease.Length, _arena.Held).Should().Be((0, 0));
        lease.Span.IsEmpty.Should().BeTrue();
        _arena.Return(lease);
        _arena.Return(PayloadLease.Empty);
        _arena.Held.Should().Be(0);
    }

    [Fact]
    public void AdoptedArray_GoesToThePool_WithItsLease()
    {
        var array = SlabPool.Rent(100_000);
        array[0] = 7;
        var lease = _arena.Adopt(array, 100_000);
        (lease.Length, (int)lease.Span[0], _arena.Held).Should().Be((100_000, 7, (long)array.Length));
        _arena.Return(lease);
        _arena.Held.Should().Be(0);
    }

    [Fact]
    public void ReturnedSlab_IsUsedAgain_FromItsBeginning()
    {
        for (var i = 0; i < 10_000; i++)
        {
            var (one, two) = (_arena.Rent(1000), _arena.Rent(1000));
            _arena.Held.Should().Be(4 << 10);
            _arena.Return(one);
            _arena.Return(two);
        }
    }

    /// <summary>Slabs grew with every one that was full and stayed for one byte in it: a thousand bytes held 256 MiB.</summary>
    [Fact]
    public void WhoKeepsOneByteOfMuch_PinsNoMoreThanItMayHave()
    {
        var kept = new List<PayloadLease>();
        var most = 0L;
        for (var i = 0; i < 1000; i++)
        {
            kept.Add(_arena.Rent(1));
            for (var j = 0; j < 64; j++)
                _arena.Return(_arena.Rent(4 << 10));
            most = Math.Max(most, _arena.Held);
        }

        most.Should().BeLessThanOrEqualTo(PayloadArena.Floor + PayloadArena.MaxSlab + (PayloadArena.MaxSpread * (1000 + (4 << 10))) + 1000 + (4 << 10));
        kept.ForEach(_arena.Return);
        _arena.Held.Should().Be(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Held_KeepsItsBound_WhateverStays(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var leases = new List<PayloadLease>();
        var (leased, most) = (0L, 0L);
        for (var i = 0; i < 30_000; i++)
        {
            // Waves: much comes, most of it goes, and what stays is scattered.
            var isFull = (i / 3000) % 2 == 1;
            if (leases.Count > 0 && random.Chance(isFull ? 0.8 : 0.3))
            {
                var index = random.Next(leases.Count);
                leased -= leases[index].Length;
                _arena.Return(leases[index]);
                leases[index] = leases[^1];
                leases.RemoveAt(leases.Count - 1);
            }
            else
            {
                var lease = _arena.Rent(random.Chance(0.05) ? random.Next(300_000) : random.Next(random.Chance(0.5) ? 100 : 5000));
                leased += lease.Length;
                leases.Add(lease);
            }

            most = leases.Count == 0 ? 0 : Math.Max(most, leased);
            _arena.Leased.Should().Be(leased);
            _arena.Held.Should().BeInRange(leased, PayloadArena.Floor + PayloadArena.MaxSlab + (PayloadArena.MaxSpread * most) + leased);
        }

        leases.ForEach(_arena.Return);
        (_arena.Held, _arena.Leased).Should().Be((0, 0));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(400)]
    [InlineData(5000)]
    public void WhatIsReturnedInOrder_AllocatesNothing_WhenLessIsUnderWayThanBefore(int underWay)
    {
        Optimized.Require();
        var leases = new Queue<PayloadLease>();
        long Turn()
        {
            // A burst, after which so many are under way.
            for (var i = 0; i < 20_000; i++)
                leases.Enqueue(_arena.Rent(100));
            while (leases.Count > underWay)
                _arena.Return(leases.Dequeue());
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50_000; i++)
            {
                leases.Enqueue(_arena.Rent(100));
                _arena.Return(leases.Dequeue());
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Turn();
        Turn();
        Turn().Should().Be(0);
    }

    [Fact]
    public void RentAndReturn_AllocateNothing_OnceWarm()
    {
        Optimized.Require();
        var leases = new Queue<PayloadLease>();
        for (var i = 0; i < 2000; i++)
            leases.Enqueue(_arena.Rent(100));
        void Turn()
        {
            for (var i = 0; i < 5000; i++)
            {
                _arena.Return(leases.Dequeue());
                leases.Enqueue(_arena.Rent(100));
            }
        }

        Turn();
        Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Turn();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
