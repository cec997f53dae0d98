using Crust.Session;
using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Links slower than the first patience would like: over a satellite, a second and a half is there and back.</summary>
public class SlowLinkTests
{
    [Theory]
    [InlineData(600)]
    [InlineData(1500)]
    [InlineData(2900)]
    public void SlowLink_HoldsASession_FromItsFirstMessageOn(int roundTrip)
    {
        // A link slower than a second was suspected at its first ping, before there was a round trip to go by; each suspicion asked for another link.
        var pair = SessionLinksTests.Unlinked();
        var link = pair.NewLink();
        link.Delay = TimeSpan.FromMilliseconds(roundTrip / 2.0);
        pair.Join(pair.A, link);
        pair.Join(pair.B, link);
        for (var i = 1; i <= 100; i++)
        {
            pair.Send(pair.A, [(byte)i], i);
            pair.Send(pair.B, [(byte)i], i);
            pair.Advance(TimeSpan.FromMilliseconds(700));
        }

        pair.Advance(TimeSpan.FromMinutes(5));
        pair.A.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        pair.B.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        SessionLinksTests.Carries(pair, link);
        pair.A.Messages.Select(m => (int)m.Payload[0]).Should().Equal(Enumerable.Range(1, 100));
        pair.B.Messages.Select(m => (int)m.Payload[0]).Should().Equal(Enumerable.Range(1, 100));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(Enumerable.Range(1, 100).Select(i => (long)i));
        pair.A.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(roundTrip));
        pair.B.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(roundTrip));
    }

    [Fact]
    public void RoundTrip_IsMeasured_OnALinkThatIsNeverSilent()
    {
        // Pings follow silence. A link that was busy from the beginning was never measured, and windows did not grow with its path.
        var pair = SessionLinksTests.Unlinked();
        var link = pair.NewLink();
        link.Delay = TimeSpan.FromMilliseconds(100);
        pair.Join(pair.A, link);
        pair.Join(pair.B, link);
        for (var i = 0; i < 10; i++)
        {
            pair.Send(pair.A, new byte[1000]);
            pair.Advance(TimeSpan.FromMilliseconds(100));
        }

        pair.A.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(200));
        pair.B.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void LinkThatNeverAnswers_IsSuspected_AfterThreeSeconds()
    {
        var pair = SessionLinksTests.Unlinked();
        var link = pair.NewLink();
        link.IsStalled = true;
        pair.Join(pair.A, link);
        pair.Join(pair.B, link);
        pair.Send(pair.A, [1], 1);
        pair.Advance(TimeSpan.FromMilliseconds(2999));
        pair.A.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        pair.Advance(TimeSpan.FromMilliseconds(1));
        pair.A.Of(SessionEventKind.LinkWanted).Should().HaveCount(1);

        var good = pair.AddPromised();
        pair.Advance(TimeSpan.FromSeconds(1));
        SessionLinksTests.Carries(pair, good);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
    }

    [Fact]
    public void RoundTripOfFiveSeconds_IsFoundOut_ByWaitingLongerEachTime()
    {
        // Suspicion comes too early for such links; each move that did not help doubles the patience, so that one of them holds.
        var pair = SessionLinksTests.Unlinked();
        var links = new List<PairLink>();
        void Add()
        {
            var link = pair.NewLink();
            link.Delay = TimeSpan.FromSeconds(2.5);
            pair.Join(pair.A, link);
            pair.Join(pair.B, link);
            links.Add(link);
        }

        Add();
        pair.Send(pair.A, [1], 1);
        for (var (i, told) = (0, 0); i < 120; i++)
        {
            pair.Advance(TimeSpan.FromSeconds(1));
            var wanted = pair.A.Of(SessionEventKind.LinkWanted).Count();
            if (wanted > told)
                Add();
            told = wanted;
        }

        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        links.Count.Should().BeLessThanOrEqualTo(4, "the patience doubles");
        pair.A.Machine.Statistics.SmoothedRtt.Should().NotBeNull();
        (pair.A.Machine.IsClosed, pair.B.Machine.IsClosed).Should().Be((false, false));
    }

    [Fact]
    public void TwoNominationsInOneRecord_AreAViolation()
    {
        // Each moves the session and makes us write everything again: a record full of them was a lot of work for little.
        var pair = SessionLinksTests.Unlinked();
        var link = pair.NewLink();
        pair.Join(pair.B, link);
        pair.Handle(pair.B, new RecordBuilder().Nominate(5).Record, link.B).Should().BeTrue();
        pair.Handle(pair.B, new RecordBuilder().Nominate(6).Nominate(7).Record, link.B).Should().BeFalse();
        pair.B.Machine.IsClosed.Should().BeTrue();
    }
}
