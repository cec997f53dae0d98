using Crust.Nat.HolePunching;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class DialScheduleTests
{
    private static readonly Instant Start = new(1_000_000);

    [Fact]
    public void Tries_BeginAtTheAgreedMoment_AndNotTwiceAtOnce()
    {
        var schedule = new DialSchedule([Address(1), Address(2)], Start);

        schedule.PollDial(new Instant(Start.Microseconds - 1), out _, out _).Should().BeFalse();
        schedule.PollTimeout(new Instant(0)).Should().Be(Start);
        schedule.PollDial(Start, out _, out var first).Should().BeTrue();
        schedule.PollDial(Start, out _, out var second).Should().BeTrue();
        (first, second).Should().Be((Address(1), Address(2)));
        schedule.PollDial(Start + TimeSpan.FromSeconds(1), out _, out _).Should().BeFalse("both are under way");
    }

    [Fact]
    public void ARefusal_IsTriedAgainSoon_ThenRarer_UntilTheEnd()
    {
        var schedule = new DialSchedule([Address(1)], Start);
        var now = Start;
        while (schedule.PollTimeout(now) is { } due)
        {
            now = due > now ? due : now;
            if (schedule.PollDial(now, out var target, out _))
                schedule.HandleFailed(target, now);
        }

        schedule.Tries.Should().BeInRange(15, 40);
        now.Should().Be(Start + DialSchedule.Lasts);
    }

    private static TransportAddress Address(ushort port) => TransportAddress.FromIPv4(0x01020304, port);
}
