using Crust.Session.Admission;
using Crust.Session.Handshakes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class EpochRuleTests
{
    [Theory]
    [InlineData(null, 5, EpochVerdict.SameProcess)]
    [InlineData(5, 5, EpochVerdict.SameProcess)]
    [InlineData(5, 6, EpochVerdict.Newer)]
    [InlineData(6, 5, EpochVerdict.Older)]
    internal void Judge_LetsTheNewestProcessWin(int? open, int offered, EpochVerdict verdict) =>
        EpochRule.Judge(open is { } known ? new ProcessEpoch((ulong)known) : null, new ProcessEpoch((ulong)offered), TimeSpan.Zero).Should().Be(verdict);

    [Fact]
    public void LaterStart_IsTheNewer_WhateverTheRandomBits()
    {
        var early = ProcessEpoch.Starting(1_700_000_000_000, ushort.MaxValue);
        var late = ProcessEpoch.Starting(1_700_000_000_001, 0);

        (late > early).Should().BeTrue();
        early.UnixMilliseconds.Should().Be(1_700_000_000_000);
        late.UnixMilliseconds.Should().Be(1_700_000_000_001);
    }

    [Fact]
    public void SameMillisecond_IsDecidedOnce_ByTheRandomBits()
    {
        var (one, other) = (ProcessEpoch.Starting(1_700_000_000_000, 7), ProcessEpoch.Starting(1_700_000_000_000, 8));

        EpochRule.Judge(one, other, TimeSpan.Zero).Should().Be(EpochVerdict.Newer);
        EpochRule.Judge(other, one, TimeSpan.Zero).Should().Be(EpochVerdict.Older, "or the two would push each other out in turn");
    }

    [Theory]
    [InlineData(0, EpochVerdict.Older)]
    [InlineData(29.9, EpochVerdict.Older)]
    [InlineData(30, EpochVerdict.Returned)]
    [InlineData(119, EpochVerdict.Returned)]
    internal void OlderProcess_MayTakeThePlace_OfOneThatShowsNoLife(double silence, EpochVerdict verdict)
    {
        // A restart with the clock set back was refused until the other side had dropped its old session, after two minutes.
        EpochRule.Judge(new ProcessEpoch(6), new ProcessEpoch(5), TimeSpan.FromSeconds(silence)).Should().Be(verdict);
        EpochRule.Judge(new ProcessEpoch(6), new ProcessEpoch(7), TimeSpan.FromSeconds(silence)).Should().Be(EpochVerdict.Newer);
        EpochRule.Judge(new ProcessEpoch(6), new ProcessEpoch(6), TimeSpan.FromSeconds(silence)).Should().Be(EpochVerdict.SameProcess);
    }
}
