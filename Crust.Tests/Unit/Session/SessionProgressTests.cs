using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>
/// A remote that shows signs of life and takes no part. Only silence used to end a session: one that pinged and never acknowledged, or never read, had it for
/// ever, and 32 MiB with it.
/// </summary>
public class SessionProgressTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Timeout = SessionLimits.Default.ProgressTimeout;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RemoteThatTakesEverything_AndNeverAcknowledges_CostsTheFirstBudget_AndIsEndedWithAReason(bool signed)
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = new SessionPair(signed, new SessionLimits { Memory = memory });
        // All the credit there is, for messages and streams, and no acknowledgement.
        pair.Handle(pair.A, new RecordBuilder().Acknowledge(0, 1UL << 40, 1UL << 40).Record).Should().BeTrue();
        var stream = pair.Open(pair.A);
        var took = Endure(pair, () =>
        {
            while (pair.Send(pair.A, new byte[30_000], token: 1) == SendResult.Queued || pair.A.Machine.Write(stream, new byte[30_000], pair.Now) > 0)
                pair.Write(pair.A);
            pair.A.Machine.HeldBytes.Should().BeLessThan(4 * WireLimits.InitialWindow);
        });
        took.Should().BeCloseTo(Timeout, Step);
        memory.Used.Should().Be(0);
        pair.A.Tokens(SessionEventKind.OutcomeUnknown).Should().NotBeEmpty();
        RequireReason(pair);
    }

    [Fact]
    public void RemoteThatNeverReads_AndGoesOnPinging_IsEndedWithAReason()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().Ping().Record);
        // Nobody polls any more: the link takes nothing. Nothing of ours waits but the answer to a ping.
        Endure(pair, () => { }).Should().BeCloseTo(Timeout, Step);
        RequireReason(pair);
    }

    [Fact]
    public void CreditWithoutAcknowledgement_IsNoProgress()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[100]);
        pair.Write(pair.A);
        var credit = (ulong)WireLimits.InitialWindow;
        Endure(pair, () =>
        {
            pair.Handle(pair.A, new RecordBuilder().Acknowledge(0, ++credit).Record);
            pair.Write(pair.A);
        }).Should().BeCloseTo(Timeout, Step);
    }

    [Fact]
    public void LinkChanges_AreNoProgress()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[100]);
        Endure(pair, () =>
        {
            pair.ChangeLink();
            pair.Write(pair.A);
        }).Should().BeCloseTo(Timeout, Step);
    }

    /// <summary>What it began was its own for as long as it pinged.</summary>
    [Fact]
    public void RemoteThatNeverEndsWhatItBegan_IsEndedWithAReason()
    {
        var memory = new MemoryBudget(16 << 20);
        var pair = new SessionPair(signed: false, new SessionLimits { Memory = memory });
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Record).Should().BeTrue();
        for (byte lane = 0; lane < WireLimits.PriorityCount; lane++)
            pair.Handle(pair.A, new RecordBuilder().Begin(new byte[1000], WireLimits.MaxMessageLength, priority: lane).Record).Should().BeTrue();
        memory.Used.Should().Be(0, "to announce a length costs nothing");
        Endure(pair, () => { }).Should().BeCloseTo(Timeout, Step);
        memory.Used.Should().Be(0);
        RequireReason(pair);
    }

    [Fact]
    public void RemoteThatNeverStatesWhatItSent_IsEndedWithAReason()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Message(1, new byte[1000]).Record).Should().BeTrue();
        Endure(pair, () => { }).Should().BeCloseTo(Timeout, Step);
        RequireReason(pair);
    }

    [Fact]
    public void RemoteThatSendsTheRestSlowly_Lives()
    {
        var pair = new SessionPair(signed: false);
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Begin(new byte[10], 100, priority: 3).Record).Should().BeTrue();
        for (var i = 0; i < 80; i++)
        {
            for (var j = 0; j < 25; j++)
                Ping(pair);
            pair.Write(pair.A);
            pair.Handle(pair.A, new RecordBuilder().More(new byte[1], 3).Record).Should().BeTrue();
        }

        pair.A.Machine.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void SlowRemote_ThatAcknowledgesNowAndThen_Lives()
    {
        var pair = new SessionPair();
        for (ulong number = 1; number < 40; number++)
        {
            pair.Send(pair.A, new byte[100]);
            pair.Write(pair.A);
            for (var i = 0; i < 25; i++)
                Ping(pair);
            pair.Handle(pair.A, new RecordBuilder().Acknowledge(number).Record).Should().BeTrue();
        }

        pair.A.Machine.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void IdleSession_Lives()
    {
        var pair = new SessionPair();
        for (var i = 0; i < 1000; i++)
        {
            Ping(pair);
            pair.Write(pair.A);
        }

        pair.A.Machine.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void LongMessage_ThatIsStillBeingWritten_IsProgress()
    {
        var pair = new SessionPair { RecordLength = 1024 };
        pair.Send(pair.A, new byte[200_000]);
        for (var i = 0; i < 190; i++)
        {
            Ping(pair);
            pair.PollOne(pair.A).Should().BeTrue();
        }

        pair.A.Machine.IsClosed.Should().BeFalse("a slow link is no hostile one");
    }

    /// <summary>B does nothing but ping until A ends the session; how long A bore it.</summary>
    private static TimeSpan Endure(SessionPair pair, Action each)
    {
        var start = pair.Now;
        while (!pair.A.Machine.IsClosed)
        {
            (pair.Now - start).Should().BeLessThan(Timeout * 3);
            each();
            Ping(pair);
        }

        return pair.Now - start;
    }

    private static void Ping(SessionPair pair)
    {
        pair.Skip(Step);
        pair.Handle(pair.A, new RecordBuilder().Ping().Record);
        pair.A.Machine.HandleTimeout(pair.Now);
        pair.A.DrainEvents(pair.Now);
    }

    private static void RequireReason(SessionPair pair)
    {
        pair.A.Closed.Event.Should().Match<SessionEvent>(e => e.Code == (int)GoodbyeCode.IdleTimeout && e.Reason == ProgressWatch.Reason && !e.ByRemote);
        pair.PollOne(pair.A).Should().BeTrue("the remote is told");
    }
}
