using Crust.Session;
using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Links that are silent, lost at one end only, or lost for good.</summary>
public class SessionLinkFailureTests
{
    [Fact]
    public void StalledLink_GivesWayToTheStandby_AfterASecondWithSomethingOwed()
    {
        var (pair, relayed, direct) = WithStandby();
        direct.IsStalled = true;
        pair.Send(pair.A, [1], 1);
        pair.Advance(TimeSpan.FromMilliseconds(999));
        SessionLinksTests.Carries(pair, direct);
        pair.A.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        pair.Advance(TimeSpan.FromMilliseconds(1));
        SessionLinksTests.Carries(pair, relayed);
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(1);
        pair.B.Messages.Should().HaveCount(1);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
    }

    [Fact]
    public void StalledLink_GivesWay_WhenTheHigherIdIsTheOneThatNotices()
    {
        var (pair, relayed, direct) = WithStandby();
        direct.IsStalled = true;
        pair.Send(pair.B, [1], 1);
        pair.Advance(TimeSpan.FromSeconds(2));
        SessionLinksTests.Carries(pair, relayed);
        pair.A.Messages.Should().HaveCount(1);
    }

    [Fact]
    public void SlowLink_IsNotSuspected_WithinThreeRoundTrips()
    {
        var pair = new SessionPair();
        var direct = pair.A.Newest.Link;
        direct.Delay = TimeSpan.FromSeconds(1);
        pair.Measure(pair.A);
        pair.A.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromSeconds(2));
        pair.A.Events.Clear();
        direct.IsStalled = true;
        pair.Send(pair.A, [1], 1);
        pair.Advance(TimeSpan.FromMilliseconds(5900));
        pair.A.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        pair.Advance(TimeSpan.FromMilliseconds(200));
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(1);
    }

    [Fact]
    public void IdleLinkThatDied_IsFoundOut_ByItsHeartbeat()
    {
        var (pair, relayed, direct) = WithStandby();
        direct.IsStalled = true;
        pair.Advance(TimeSpan.FromSeconds(20) + TimeSpan.FromMilliseconds(800));
        SessionLinksTests.Carries(pair, direct);
        pair.Advance(TimeSpan.FromMilliseconds(200));
        SessionLinksTests.Carries(pair, relayed);
    }

    [Fact]
    public void RepeatedPings_DoNotPutTheSuspicionOff()
    {
        // Each ping began the wait anew: whoever asked for one every half second never learned that the link was dead.
        var (pair, relayed, direct) = WithStandby();
        direct.IsStalled = true;
        for (var i = 0; i < 5; i++)
        {
            pair.A.Machine.RequestPing();
            pair.Advance(TimeSpan.FromMilliseconds(500));
        }

        SessionLinksTests.Carries(pair, relayed);
    }

    [Fact]
    public void Suspicion_TakesTwiceAsLong_AfterEachMoveThatDidNotHelp()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        var waits = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            pair.A.Newest.Link.IsStalled = true;
            var began = pair.Now;
            var told = pair.A.Of(SessionEventKind.LinkWanted).Count();
            while (pair.A.Of(SessionEventKind.LinkWanted).Count() == told)
                pair.Advance(TimeSpan.FromMilliseconds(100));
            waits.Add((pair.Now - began).TotalSeconds);
            var next = pair.NewLink();
            next.IsStalled = true;
            pair.Join(pair.A, next);
        }

        waits.Should().Equal([1, 6, 12, 24, 30, 30], "the first link has answered, the others never do");
        var good = pair.AddPromised();
        pair.Advance(TimeSpan.FromSeconds(30));
        SessionLinksTests.Carries(pair, good);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);

        // Nothing was suspected for a minute.
        pair.Advance(TimeSpan.FromSeconds(30));
        good.IsStalled = true;
        pair.Send(pair.A, [2], 2);
        var before = pair.A.Of(SessionEventKind.LinkWanted).Count();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(before + 1);
    }

    [Fact]
    public void Doubt_IsCleared_ByALinkThatCarriesWhatIsNew_ForASecond_ButNotByTheFirstAcknowledgementsAfterAMove()
    {
        // A path that is slow for all links was left again and again: each new link began with an acknowledgement of what came over the one before.
        // And while only the doubled patience counted, a session whose links fell silent every few seconds waited for 30 s in the end.
        var pair = new SessionPair();
        var token = 0L;
        Fail().Should().Be(1);
        Fail().Should().Be(2);
        Fail().Should().Be(4);

        Work(messages: 5);
        Fail().Should().Be(8);
        Work(messages: 12);
        Fail().Should().Be(1);

        // For longer than the doubled patience an acknowledgement of anything will do.
        Fail().Should().Be(2);
        pair.Advance(TimeSpan.FromSeconds(5));
        Work(messages: 1);
        Fail().Should().Be(1);

        void Work(int messages)
        {
            for (var i = 0; i < messages; i++)
            {
                pair.Send(pair.A, [1], ++token);
                pair.Advance(TimeSpan.FromMilliseconds(100));
            }
        }

        // The link falls silent, and the next one acknowledges at once. Returns the seconds between.
        double Fail()
        {
            pair.A.Newest.Link.IsStalled = true;
            var began = pair.Now;
            var told = pair.A.Of(SessionEventKind.LinkWanted).Count();
            pair.Send(pair.A, [1], ++token);
            while (pair.A.Of(SessionEventKind.LinkWanted).Count() == told)
                pair.Advance(TimeSpan.FromMilliseconds(100));
            var wait = (pair.Now - began).TotalSeconds;
            var next = pair.NewLink();
            pair.Join(pair.A, next);
            pair.Join(pair.B, next);
            pair.Advance(TimeSpan.FromMilliseconds(100));
            SessionLinksTests.Carries(pair, next);
            pair.A.Tokens(SessionEventKind.Acknowledged).Should().Contain(token);
            return wait;
        }
    }

    [Fact]
    public void LinkIsWanted_AgainAndAgain_WhileTheStallLasts()
    {
        var pair = new SessionPair();
        pair.A.Newest.Link.IsStalled = true;
        pair.Send(pair.A, [1], 1);
        pair.Advance(TimeSpan.FromMilliseconds(10_500));
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(10);
        pair.A.Machine.ActiveLink.Should().NotBeNull("there is nothing better");
        pair.A.Newest.Link.IsStalled = false;
        pair.Advance(TimeSpan.FromSeconds(5));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(10, "it was only slow");
    }

    /// <summary>One end notices the loss, the other does not: its records go nowhere.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void HalfOpenLink_IsReplaced_WhicheverEndNotices(bool lowerNotices, bool promised)
    {
        var pair = new SessionPair();
        var old = pair.A.Newest.Link;
        var (noticing, other) = lowerNotices ? (pair.A, pair.B) : (pair.B, pair.A);
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.B, [2], 2);
        pair.Write(pair.A);
        pair.Write(pair.B);
        old.IsStalled = true;
        pair.Notice(noticing, noticing.Newest);
        noticing.Of(SessionEventKind.Suspended).Should().HaveCount(1);
        noticing.Of(SessionEventKind.LinkWanted).Should().HaveCount(1);
        other.Machine.ActiveLink.Should().NotBeNull();

        var link = promised ? pair.AddPromised() : pair.AddLink();
        pair.Advance(TimeSpan.FromMilliseconds(100));
        SessionLinksTests.Carries(pair, link);
        pair.B.Messages.Should().HaveCount(1);
        pair.A.Messages.Should().HaveCount(1);
        SessionLinksTests.Exchanges(pair);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(119)]
    public void SuspendedSession_Resumes_AsIfNothingHadHappened(int seconds)
    {
        var pair = new SessionPair();
        for (var i = 1; i <= 100; i++)
            pair.Send(pair.A, new byte[1000], i);
        var stream = pair.Open(pair.B);
        pair.WriteAll(pair.B, stream, new byte[40_000]).Should().BeTrue();
        for (var i = 0; i < 3; i++)
        {
            pair.PollOne(pair.A);
            pair.PollOne(pair.B);
        }

        pair.DeliverOne(pair.A);
        pair.DeliverOne(pair.B);
        pair.Lose(pair.A.Newest.Link);
        pair.A.Machine.ActiveLink.Should().BeNull();
        pair.A.Of(SessionEventKind.Suspended).Should().HaveCount(1);
        pair.Advance(TimeSpan.FromSeconds(seconds));
        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.Send(pair.A, [1], 101).Should().Be(SendResult.Queued, "what is sent meanwhile waits");

        pair.AddPromised();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(Enumerable.Range(1, 101).Select(i => (long)i));
        pair.B.Messages.Should().HaveCount(101);
        pair.A.Log(pair.A.Opened.Single()).Bytes.Should().HaveCount(40_000);
        pair.A.Of(SessionEventKind.LinkActivated).Should().ContainSingle("it was resumed");
    }

    [Fact]
    public void SuspendedSession_Ends_AfterTwoMinutes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.PollOne(pair.A);
        pair.Skip(TimeSpan.FromSeconds(30));
        pair.Timeout();
        pair.Lose(pair.A.Newest.Link);
        pair.Send(pair.A, [2], 2);
        pair.Advance(TimeSpan.FromSeconds(119.9));
        pair.A.Machine.IsClosed.Should().BeFalse("the two minutes begin with the loss");
        pair.Advance(TimeSpan.FromSeconds(0.1));
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.IdleTimeout);
        pair.A.Tokens(SessionEventKind.OutcomeUnknown).Should().Equal(1);
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(2);
        pair.B.Machine.IsClosed.Should().BeTrue();
    }

    /// <summary>A short wait for another link once ended sessions that had one and nothing to say.</summary>
    [Fact]
    public void AShortSuspension_LeavesASilentLinkAlone()
    {
        var pair = new SessionPair(limits: SessionLimits.Default with { SuspendTimeout = TimeSpan.FromSeconds(5) });
        pair.Advance(TimeSpan.FromMinutes(5));
        SessionLinksTests.Exchanges(pair);
        pair.Lose(pair.A.Newest.Link);
        pair.Advance(TimeSpan.FromSeconds(4.9));
        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.Advance(TimeSpan.FromSeconds(0.2));
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.IdleTimeout);
    }

    /// <summary>The higher id had a standby that the lower never chose; its loss went by unnoticed, and nobody made another link.</summary>
    [Fact]
    public void LossOfTheLastLink_IsTold_AlsoWhenItWasNotTheActiveOne()
    {
        var (pair, relayed, direct) = WithStandby();
        pair.Notice(pair.B, direct.B);
        pair.B.Of(SessionEventKind.Suspended).Should().BeEmpty("a link still stands");
        pair.Notice(pair.B, relayed.B);
        pair.B.Of(SessionEventKind.Suspended).Should().ContainSingle();
        pair.B.Of(SessionEventKind.LinkWanted).Should().HaveCount(2);
    }

    [Fact]
    public void LinksThatNobodyChooses_AreAskedForAgain_AndAnotherIsWanted()
    {
        var (pair, relayed, direct) = WithStandby();
        relayed.IsStalled = true;
        pair.Notice(pair.B, direct.B);
        var wanted = pair.B.Of(SessionEventKind.LinkWanted).Count();
        pair.Advance(TimeSpan.FromSeconds(3.5));
        pair.B.Of(SessionEventKind.LinkWanted).Count().Should().BeGreaterThan(wanted);
        relayed.IsStalled = false;
        pair.Advance(TimeSpan.FromSeconds(5));
        SessionLinksTests.Carries(pair, relayed);
        SessionLinksTests.Exchanges(pair);
    }

    [Fact]
    public void RecordsOfTheOldLink_AreIgnored_ButForWhatConcernsTheLinkItself()
    {
        var (pair, relayed, direct) = WithStandby();
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.B, [2], 2);
        pair.PollOne(pair.A, direct.A);
        pair.PollOne(pair.B, direct.B);
        var (fromA, fromB) = (direct.A.Outbox.Dequeue().Record, direct.B.Outbox.Dequeue().Record);
        pair.Lose(direct);
        pair.Run();
        SessionLinksTests.Carries(pair, relayed);
        var (a, b) = (pair.A.Messages.Count(), pair.B.Messages.Count());
        pair.A.Machine.Handle(direct.A.Handle, fromB, pair.Now).Should().BeTrue();
        pair.B.Machine.Handle(direct.B.Handle, fromA, pair.Now).Should().BeTrue();
        pair.Run();
        (pair.A.Messages.Count(), pair.B.Messages.Count()).Should().Be((a, b));
        SessionLinksTests.Exchanges(pair);
    }

    /// <summary>The session goes to another link and back to the first: what stood on that since the first time is void.</summary>
    [Fact]
    public void RecordsOfAnEarlierTime_AreIgnored_WhenTheSessionComesBackToTheirLink()
    {
        var pair = SessionLinksTests.Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        for (var i = 1; i <= 10; i++)
            pair.Send(pair.B, [(byte)i], i);
        // Half of what the higher id wrote arrives before the lower moves to a direct link, of which the higher never hears; half comes after it is back.
        pair.RecordLength = WireLimits.MinRecordLength;
        pair.Write(pair.B);
        for (var i = 11; i <= 40; i++)
        {
            pair.Send(pair.B, new byte[400], i);
            pair.PollOne(pair.B);
        }

        for (var i = 0; i < 8; i++)
            pair.DeliverOne(pair.B, relayed.B).Should().BeTrue();
        var direct = pair.NewLink();
        pair.Join(pair.A, direct);
        for (var i = 0; i < 8; i++)
            pair.DeliverOne(pair.B, relayed.B).Should().BeTrue();
        pair.Notice(pair.A, direct.A);
        pair.Advance(TimeSpan.FromSeconds(1));
        SessionLinksTests.Carries(pair, relayed);
        pair.A.Messages.Select(m => m.Number).Should().Equal(Enumerable.Range(1, 40).Select(i => (ulong)i));
        pair.B.Tokens(SessionEventKind.Acknowledged).Should().HaveCount(40);
        SessionLinksTests.Exchanges(pair);
    }

    [Fact]
    public void ForgedEcho_IsAViolation()
    {
        var pair = SessionLinksTests.Unlinked();
        pair.AddLink();
        pair.Handle(pair.A, new RecordBuilder().Nominate(1).Record).Should().BeTrue("it echoes the nomination");
        pair.Handle(pair.A, new RecordBuilder().Nominate(2).Record).Should().BeFalse("nobody said that");
    }

    private static (SessionPair Pair, PairLink Relayed, PairLink Direct) WithStandby()
    {
        var pair = SessionLinksTests.Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        var direct = pair.AddLink(LinkRank.Direct);
        pair.Advance(TimeSpan.FromMilliseconds(100));
        SessionLinksTests.Carries(pair, direct);
        pair.A.Events.Clear();
        pair.B.Events.Clear();
        return (pair, relayed, direct);
    }
}
