using Crust.Primitives;
using Crust.Session;
using Crust.Session.Receiving;
using Crust.Session.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary><see cref="SendCredit"/>, <see cref="ReceiveWindow"/> and <see cref="SendBudget"/>.</summary>
public class WindowTests
{
    private const long Initial = WireLimits.InitialWindow;
    private static readonly TimeSpan Trip = TimeSpan.FromMilliseconds(100);

    private Instant _now = new(1_000_000);

    [Fact]
    public void Sender_SpendsWhatItWasGranted_AndNoMore()
    {
        var credit = new SendCredit();
        credit.Spend(Initial - WireLimits.EntryOverhead - 8);
        credit.MayBegin.Should().BeTrue("overhead and the code of a reset are left");
        credit.Spend(1);
        (credit.MayBegin, credit.Available).Should().Be((false, WireLimits.EntryOverhead + 7));
        credit.TryRaise(Initial + 1).Should().BeTrue();
        credit.MayBegin.Should().BeTrue();
        credit.TryRaise(Initial).Should().BeFalse();
        credit.Available.Should().Be(WireLimits.EntryOverhead + 8);
        credit.TryRaise((1L << 62) - 1).Should().BeTrue("absurd credit is the remote's own risk");
    }

    [Fact]
    public void Receiver_AdmitsOnlyWhatWasAnnounced()
    {
        var window = Window();
        window.TryCharge(Initial).Should().BeTrue();
        window.TryCharge(1).Should().BeFalse();
        window.Consume(1000);
        window.TryCharge(1).Should().BeFalse("nobody was told yet");
        (window.Granted, window.IsUpdatePending, window.IsUpdateDue).Should().Be((Initial + 1000, true, false));
        window.Announced();
        window.IsUpdatePending.Should().BeFalse();
        window.TryCharge(1000).Should().BeTrue();
        window.TryCharge(1).Should().BeFalse();
        window.Refund(1000);
        window.TryCharge(1000).Should().BeTrue();
        window.Invoking(w => w.Consume(Initial + 1)).Should().Throw<ArgumentOutOfRangeException>("that much was not received");
    }

    [Fact]
    public void Update_IsDue_AtAQuarterWindow()
    {
        var window = Window();
        window.TryCharge(Initial).Should().BeTrue();
        window.Consume(Initial / 4 - 1);
        window.IsUpdateDue.Should().BeFalse();
        window.Consume(1);
        window.IsUpdateDue.Should().BeTrue();
    }

    [Fact]
    public void Promise_IsCreditBeyondTheWindow_UntilItIsUsed()
    {
        var window = Window();
        window.TryCharge(Initial).Should().BeTrue();
        window.Promise(5_000_000);
        (window.IsUpdateDue, window.Granted).Should().Be((true, Initial + 5_000_000));
        window.Announced();
        window.TryCharge(3_000_000).Should().BeTrue();
        window.Promise(-3_000_000);
        window.Granted.Should().Be(Initial + 5_000_000, "credit never falls");
        window.TryCharge(2_000_000).Should().BeTrue();
        window.Promise(-2_000_000);
        window.TryCharge(1).Should().BeFalse();
    }

    [Fact]
    public void Window_Grows_WhenAWholeOneIsConsumedWithinTwoRoundTrips()
    {
        var memory = new MemoryBudget(1 << 30);
        var window = Window(memory);
        window.Tune(Trip, _now);
        Turn(window, Trip * 2, isAnnounced: true);
        window.Size.Should().Be(Initial, "the path is as slow as that");
        Turn(window, Trip * 2 - TimeSpan.FromMilliseconds(1), isAnnounced: true);
        window.Size.Should().Be(Initial * 2);
        memory.Used.Should().Be(Initial);
        for (var i = 0; i < 20; i++)
            Turn(window, TimeSpan.FromMilliseconds(10));
        window.Size.Should().Be(SessionLimits.Default.MaxWindow);
        memory.Used.Should().Be(window.Size - Initial);
        window.Shrink(over: true);
        (window.Size, memory.Used).Should().Be((Initial, 0));
    }

    [Fact]
    public void Window_Grows_WhenItIsSpent_AndNothingIsLeftToConsume()
    {
        // Two ends that take turns, each as slow as a busy machine, used to stay in step at the smallest window for ever.
        var window = Window();
        window.Tune(Trip, _now);
        Turn(window, TimeSpan.FromMinutes(1));
        window.Size.Should().Be(Initial * 2);
        window.Announced();
        window.TryCharge(Initial * 2).Should().BeTrue();
        window.Consume(Initial * 2 - 1);
        _now += TimeSpan.FromMinutes(1);
        window.Tune(Trip, _now);
        window.Size.Should().Be(Initial * 2, "a byte waits for the application: that is what is slow");
    }

    [Fact]
    public void Window_StaysAsItIs_WhenTheProcessHasNoMemoryLeft()
    {
        var memory = new MemoryBudget(Initial * 2 - 1);
        var window = Window(memory);
        window.Tune(Trip, _now);
        for (var i = 0; i < 5; i++)
            Turn(window, TimeSpan.FromMilliseconds(10));
        (window.Size, memory.Used).Should().Be((Initial, 0));
    }

    [Fact]
    public void IdleWindow_GivesMemoryBack_OnlyWhenTheRemoteCannotUseItAnyMore()
    {
        var memory = new MemoryBudget(1 << 30);
        var window = Window(memory);
        window.Tune(Trip, _now);
        Turn(window, TimeSpan.FromMilliseconds(10));
        window.Announced();
        window.Shrink();
        memory.Used.Should().Be(Initial, "two initial windows are announced and may still come");
        window.TryCharge(Initial).Should().BeTrue();
        window.Consume(Initial);
        window.Shrink();
        (window.Size, memory.Used).Should().Be((Initial, 0));
    }

    [Fact]
    public void Budget_AdmitsOneEntryAlways_AndLeavesRoomBesideIt()
    {
        var budget = new SendBudget(SessionLimits.Default);
        budget.TryReserve(Initial * 5).Should().BeTrue();
        budget.TryReserve(Initial / 2 + 1).Should().BeFalse("it counts as half the limit");
        budget.TryReserve(Initial / 2).Should().BeTrue();
        budget.TryReserve(1).Should().BeFalse();
        budget.Release(Initial * 5);
        budget.TryReserve(Initial / 2).Should().BeTrue();
        budget.TryReserve(1).Should().BeFalse("what counted for less is gone");
    }

    [Fact]
    public void Budget_AnnouncesRoomOnce()
    {
        var budget = new SendBudget(SessionLimits.Default);
        Fill(budget);
        budget.TryReserve(90).Should().BeFalse();
        budget.TryReserve(60).Should().BeFalse();
        budget.Release(60);
        budget.TryAnnounceRoom().Should().BeFalse("60 fit, but waiters come in crowds");
        budget.Release(Initial / 2);
        budget.TryAnnounceRoom().Should().BeTrue();
        budget.TryAnnounceRoom().Should().BeFalse();
        budget.TryReserve(60).Should().BeTrue();
        budget.Used.Should().Be(Initial / 2);
    }

    [Fact]
    public void Budget_Grows_OnlyWhenItIsFullOfWhatWaitsForAcknowledgement()
    {
        var memory = new MemoryBudget(Initial * 2);
        var budget = new SendBudget(new SessionLimits { Memory = memory });
        Fill(budget);
        budget.ReleaseRetained(Initial);
        Take(budget, Initial);
        budget.TryReserve(1).Should().BeFalse("nothing was written: the path is not what is short");
        budget.Retain(Initial - Initial / 4 - 1).Should().BeFalse();
        budget.TryReserve(1).Should().BeFalse("a quarter is not written yet");
        budget.Retain(1).Should().BeTrue("who was refused can go on");
        budget.TryReserve(1).Should().BeTrue();
        (budget.Limit, memory.Used).Should().Be((Initial * 2, Initial));
        budget.TryReserve(Initial - 1).Should().BeTrue();
        budget.Retain(Initial).Should().BeFalse();
        budget.TryReserve(1).Should().BeFalse("nothing was acknowledged since");
        budget.ReleaseRetained(Initial);
        Fill(budget);
        budget.Limit.Should().Be(Initial * 2, "the process has no more");
        budget.Shrink();
        (budget.Limit, memory.Used).Should().Be((Initial, 0));
    }

    /// <summary>It used to grow to 32 MiB for a remote that takes everything and never acknowledges.</summary>
    [Fact]
    public void Budget_DoublesOnce_ForEachHalfOfItThatIsAcknowledged()
    {
        var budget = new SendBudget(SessionLimits.Default);
        Fill(budget);
        budget.Limit.Should().Be(Initial, "nothing was ever acknowledged");
        for (var limit = Initial; limit <= 8 << 20; limit *= 2)
        {
            budget.ReleaseRetained(limit / 2);
            Fill(budget);
            budget.Limit.Should().Be(limit * 2, "so much was acknowledged");
            Fill(budget);
            budget.Limit.Should().Be(limit * 2, "and no more");
        }
    }

    private static void Take(SendBudget budget, long cost)
    {
        for (var taken = 0; taken < cost; taken += 1024)
            budget.TryReserve(1024).Should().BeTrue();
    }

    private static void Fill(SendBudget budget)
    {
        while (budget.TryReserve(1024))
            budget.Retain(1024);
    }

    private static ReceiveWindow Window(MemoryBudget? memory = null) =>
        new(new SessionLimits { Memory = memory ?? new MemoryBudget(1 << 30) }, Initial, SessionLimits.Default.MaxWindow, WireLimits.Cost(WireLimits.MaxMessageLength));

    /// <summary>One whole window arrives and is consumed in so much time, the remote knowing of more credit all the time or having spent all of it.</summary>
    private void Turn(ReceiveWindow window, TimeSpan time, bool isAnnounced = false)
    {
        var size = window.Size;
        window.Announced();
        window.TryCharge(size).Should().BeTrue();
        _now += time;
        window.Consume(size);
        if (isAnnounced)
            window.Announced();
        window.Tune(Trip, _now);
    }
}
