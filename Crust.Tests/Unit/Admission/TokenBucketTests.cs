using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class TokenBucketTests
{
    private static readonly Instant Start = new(5_000_000);

    [Fact]
    public void TryTake_GrantsTheBurst_AndThenTheRate()
    {
        var bucket = new TokenBucket(perSecond: 4, burst: 10);

        Take(bucket, Start, 20).Should().Be(10);
        Take(bucket, Start + TimeSpan.FromMilliseconds(249), 20).Should().Be(0);
        Take(bucket, Start + TimeSpan.FromMilliseconds(250), 20).Should().Be(1);
        Take(bucket, Start + TimeSpan.FromSeconds(2), 20).Should().Be(7);
    }

    [Fact]
    public void TryTake_NeverHoldsMoreThanTheBurst()
    {
        var bucket = new TokenBucket(perSecond: 1000, burst: 2);
        Take(bucket, Start, 2);

        Take(bucket, Start + TimeSpan.FromDays(300), 100).Should().Be(2);
    }

    [Fact]
    public void TryTake_GivesNothing_WhenTimeGoesBack()
    {
        var bucket = new TokenBucket(perSecond: 1, burst: 1);
        Take(bucket, Start, 1).Should().Be(1);

        Take(bucket, new Instant(0), 5).Should().Be(0);
        Take(bucket, Start + TimeSpan.FromMilliseconds(500), 5).Should().Be(0);
        Take(bucket, Start + TimeSpan.FromSeconds(1), 5).Should().Be(1);
    }

    [Fact]
    public void IsFull_OnlyWhenIdle()
    {
        var bucket = new TokenBucket(perSecond: 1, burst: 2);
        bucket.IsFull(Start).Should().BeTrue();
        Take(bucket, Start, 1);

        bucket.IsFull(Start + TimeSpan.FromMilliseconds(999)).Should().BeFalse();
        bucket.IsFull(Start + TimeSpan.FromSeconds(1)).Should().BeTrue();
    }

    private static int Take(TokenBucket bucket, Instant now, int times) => Enumerable.Range(0, times).Count(_ => bucket.TryTake(now));
}
