using Crust.Primitives;
using Crust.Session.Admission;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class BucketTableTests
{
    private static readonly Instant Start = new(1_000_000);

    [Fact]
    public void Offenders_AreNotForgotten_HoweverManyStrangersCome()
    {
        var table = new BucketTable<int>(perSecond: 1, burst: 5, capacity: 100);
        for (var i = 0; i < 5; i++)
            table.TryTake(-1, Start).Should().BeTrue();

        // Each stranger takes one token, which is back a second later: 50 new ones each second, for an hour.
        var now = Start;
        var stranger = 0;
        var admitted = 0;
        for (var second = 0; second < 3600; second++)
        {
            now += TimeSpan.FromSeconds(1);
            for (var i = 0; i < 50; i++)
                admitted += table.TryTake(stranger++, now) ? 1 : 0;
            table.TryTake(-1, now).Should().BeTrue("one token came back");
            table.TryTake(-1, now).Should().BeFalse("it is still held back");
        }

        admitted.Should().Be(3600 * 50);
        table.Count.Should().BeLessThanOrEqualTo(100);
    }

    [Fact]
    public void FullTable_RefusesNewcomers_AndNobodyElse()
    {
        var table = new BucketTable<int>(perSecond: 1, burst: 2, capacity: 3);
        for (var i = 0; i < 3; i++)
            table.TryTake(i, Start).Should().BeTrue();

        table.TryTake(9, Start).Should().BeFalse("all are busy");
        table.TryTake(0, Start).Should().BeTrue("it has its bucket");
        table.TryTake(9, Start + TimeSpan.FromSeconds(1.5)).Should().BeTrue("two are idle by now");
        table.Count.Should().Be(2, "the one that took twice, and the newcomer");
    }
}
