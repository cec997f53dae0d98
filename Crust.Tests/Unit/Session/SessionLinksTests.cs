using Crust.Session;
using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Which link carries a session, seen from both ends. A has the lower id.</summary>
public class SessionLinksTests
{
    [Fact]
    public void FirstLink_IsNominatedByTheLowerId()
    {
        var pair = Unlinked();
        var link = pair.AddLink();
        pair.A.Machine.ActiveLink.Should().BeSameAs(link.A.Handle);
        pair.B.Machine.ActiveLink.Should().BeNull("only the lower id decides");
        pair.Run();
        Carries(pair, link);
        pair.A.Of(SessionEventKind.LinkActivated).Should().ContainSingle();
        pair.B.Of(SessionEventKind.LinkActivated).Should().ContainSingle();
        Exchanges(pair);
    }

    [Fact]
    public void PromisedLink_CarriesTheSession_BeforeAnythingIsWritten()
    {
        var pair = Unlinked();
        var link = pair.AddPromised();
        Carries(pair, link);
        // The first record of either end is of use already.
        pair.Send(pair.B, [1], 1);
        pair.PollOne(pair.B);
        pair.DeliverOne(pair.B);
        pair.A.Messages.Should().HaveCount(1);
    }

    [Fact]
    public void Promise_IsGiven_OnlyByTheLowerId_AndOnlyToWhatIsBetter()
    {
        var pair = Unlinked();
        pair.B.Machine.Promise(LinkRank.Direct, pair.Now).Should().Be(0);
        var first = pair.A.Machine.Promise(LinkRank.Relayed, pair.Now);
        first.Should().BeGreaterThan(0, "there is no link");
        pair.AddLink(LinkRank.Relayed, first);
        pair.A.Machine.Promise(LinkRank.Relayed, pair.Now).Should().Be(0);
        var better = pair.A.Machine.Promise(LinkRank.Direct, pair.Now);
        better.Should().BeGreaterThan(first);
        var direct = pair.AddLink(LinkRank.Direct, better);
        Carries(pair, direct);
        pair.A.Machine.Promise(LinkRank.Direct, pair.Now).Should().Be(0);
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.Machine.Promise(LinkRank.Direct, pair.Now).Should().Be(0, "the session is over");
    }

    [Fact]
    public void PromiseThatCameTooLate_MeansNothing()
    {
        // The lower id promised a generation, and nominated another link before the promised one stood.
        var pair = Unlinked();
        var promised = pair.A.Machine.Promise(LinkRank.Direct, pair.Now);
        var other = pair.AddLink(LinkRank.Direct);
        pair.Run();
        var late = pair.AddLink(LinkRank.Direct, promised);
        pair.Run();
        Carries(pair, other);
        late.A.Handle.Should().NotBeSameAs(pair.A.Machine.ActiveLink);
        Exchanges(pair);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DirectAndRelayedAtOnce_EndDirect_WhicheverStandsFirst(bool relayedStandsFirst)
    {
        var pair = Unlinked();
        var direct = pair.NewLink(LinkRank.Direct, pair.A.Machine.Promise(LinkRank.Direct, pair.Now));
        var circuit = pair.A.Machine.Promise(LinkRank.Relayed, pair.Now);
        circuit.Should().Be(0, "the direct link is about to stand");
        var relayed = pair.NewLink(LinkRank.Relayed, circuit);
        foreach (var link in relayedStandsFirst ? [relayed, direct] : new[] { direct, relayed })
        {
            pair.Join(pair.B, link);
            pair.Join(pair.A, link);
        }

        pair.Run();
        Carries(pair, direct);
        pair.A.Machine.Statistics.Links.Should().Be(2, "the circuit is the way back");
        Exchanges(pair);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SimultaneousLinks_EndOnOne_WhicheverComesFirst(bool higherSeesTheOtherFirst)
    {
        var pair = Unlinked();
        var (one, two) = (pair.NewLink(), pair.NewLink());
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.B, [2], 2);
        pair.Join(pair.A, one);
        pair.Join(pair.B, higherSeesTheOtherFirst ? two : one);
        pair.Write(pair.A);
        pair.Write(pair.B);
        pair.Join(pair.A, two);
        pair.Join(pair.B, higherSeesTheOtherFirst ? one : two);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Machine.ActiveLink!.Tag.Should().BeOfType<LinkEnd>().Which.Link.Should().BeSameAs(((LinkEnd)pair.B.Machine.ActiveLink!.Tag!).Link);
        (pair.A.Machine.Statistics.Links, pair.B.Machine.Statistics.Links).Should().Be((1, 1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.B.Tokens(SessionEventKind.Acknowledged).Should().Equal(2);
        Exchanges(pair);
    }

    [Fact]
    public void DirectLink_BeatsARelayedOne_WhichStaysBehindIt()
    {
        var pair = Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        var direct = pair.AddLink(LinkRank.Direct);
        pair.Run();
        Carries(pair, direct);
        (pair.A.Machine.Statistics.Links, pair.B.Machine.Statistics.Links).Should().Be((2, 2));
        (relayed.A.IsGone, relayed.B.IsGone).Should().Be((false, false));
        pair.A.Of(SessionEventKind.Suspended).Should().BeEmpty("the session was never without a link");

        var second = pair.AddLink(LinkRank.Relayed);
        pair.Advance(TimeSpan.FromSeconds(1));
        Carries(pair, direct);
        (second.A.IsGone, second.B.IsGone).Should().Be((true, true), "one standby is enough");
        Exchanges(pair);
    }

    [Fact]
    public void ARequestForACircuit_ThatCrossedADirectLink_DoesNotCostTheDirectLink()
    {
        // The higher id, which saw the circuit first, asks for it; the lower id, on the direct link already, followed, and gave the direct link up.
        var pair = Unlinked();
        var (relayed, direct) = (pair.NewLink(LinkRank.Relayed), pair.NewLink());
        pair.Join(pair.B, relayed);
        pair.Write(pair.B);
        pair.Join(pair.A, direct);
        pair.Join(pair.A, relayed);
        pair.Join(pair.B, direct);
        pair.Advance(TimeSpan.FromSeconds(1));
        Carries(pair, direct);
        (pair.A.Machine.Statistics.Links, pair.B.Machine.Statistics.Links).Should().Be((2, 2), "the circuit stays behind it");
        Exchanges(pair);
    }

    [Fact]
    public void ARequestForACircuit_IsHeeded_WhenTheDirectLinkIsDeadAtTheHigherId()
    {
        var pair = Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        var direct = pair.AddLink();
        pair.Run();
        Carries(pair, direct);
        // Only the higher id knows yet.
        pair.Notice(pair.B, direct.B);
        pair.Advance(TimeSpan.FromSeconds(1));
        Carries(pair, relayed);
        Exchanges(pair);
    }

    [Fact]
    public void LostLink_GivesWayToTheStandby_WithoutSuspendingTheSession()
    {
        var pair = Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        var direct = pair.AddLink(LinkRank.Direct);
        pair.Run();
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.B, [2], 2);
        pair.Write(pair.A);
        pair.Write(pair.B);
        pair.Lose(direct);
        pair.Advance(TimeSpan.FromSeconds(1));
        Carries(pair, relayed);
        pair.A.Of(SessionEventKind.Suspended).Should().BeEmpty();
        pair.A.Messages.Should().HaveCount(1);
        pair.B.Messages.Should().HaveCount(1);
        Exchanges(pair);
    }

    /// <summary>Round trips in milliseconds: only a gain of more than a fifth and at least ten is worth a move.</summary>
    [Theory]
    [InlineData(100, 60, true)]
    [InlineData(100, 78, true)]
    [InlineData(100, 80, false)]
    [InlineData(100, 90, false)]
    [InlineData(100, 140, false)]
    [InlineData(40, 30, true)]
    [InlineData(40, 32, false)]
    [InlineData(20, 12, false)]
    [InlineData(8, 2, false)]
    public void BetterRoundTrip_MovesTheSession_OnlyWhenItIsWorthIt(int old, int better, bool moves)
    {
        var pair = Unlinked();
        var first = pair.NewLink();
        first.Delay = TimeSpan.FromMilliseconds(old / 2.0);
        pair.Join(pair.A, first);
        pair.Join(pair.B, first);
        pair.Measure(pair.A);
        pair.A.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(old));

        var second = pair.NewLink();
        second.Delay = TimeSpan.FromMilliseconds(better / 2.0);
        pair.Join(pair.A, second);
        pair.Join(pair.B, second);
        pair.Advance(TimeSpan.FromSeconds(1));

        Carries(pair, moves ? second : first);
        var other = moves ? first : second;
        (other.A.IsGone, other.B.IsGone).Should().Be((true, true), "of two direct links one is surplus");
        Exchanges(pair);
    }

    [Fact]
    public void FifthLink_TakesThePlaceOfTheOneThatWasSilentForLongest()
    {
        var pair = Unlinked();
        var links = new List<PairLink>();
        for (var i = 0; i < 4; i++)
        {
            links.Add(pair.NewLink(i == 0 ? LinkRank.Direct : LinkRank.Relayed));
            links[i].IsStalled = i > 0;
            // The higher id keeps what it has: the choice is the lower's.
            pair.Join(pair.B, links[i]);
            pair.Skip(TimeSpan.FromSeconds(1));
        }

        pair.Join(pair.A, links[0]);
        pair.Run();
        pair.B.Machine.Statistics.Links.Should().Be(4);
        var fifth = pair.NewLink(LinkRank.Relayed);
        pair.Join(pair.B, fifth);
        pair.B.Machine.Statistics.Links.Should().Be(4);
        pair.B.Of(SessionEventKind.LinkUnwanted).Single().Link.Should().BeSameAs(links[1].B.Handle);
        pair.B.Machine.ActiveLink.Should().BeSameAs(links[0].B.Handle, "the active link is never surplus");
    }

    [Fact]
    public void SilentStandby_IsGivenUp_AfterThreeHeartbeats()
    {
        var pair = Unlinked();
        var relayed = pair.AddLink(LinkRank.Relayed);
        pair.Run();
        pair.AddLink(LinkRank.Direct);
        pair.Run();
        relayed.IsStalled = true;
        pair.Advance(TimeSpan.FromSeconds(59));
        pair.A.Machine.Statistics.Links.Should().Be(2);
        pair.Advance(TimeSpan.FromSeconds(22));
        (pair.A.Machine.Statistics.Links, pair.B.Machine.Statistics.Links).Should().Be((1, 1));
        Exchanges(pair);
    }

    [Fact]
    public void AgedLink_IsReplaced_WhenAnotherComes()
    {
        var pair = new SessionPair();
        pair.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(1));
        pair.A.Of(SessionEventKind.LinkWanted).Should().BeEmpty();
        pair.Advance(TimeSpan.FromMinutes(2));
        pair.A.Of(SessionEventKind.LinkWanted).Should().NotBeEmpty();
        var fresh = pair.AddPromised();
        pair.Run();
        Carries(pair, fresh);
        pair.A.Machine.Statistics.Links.Should().Be(1);
        Exchanges(pair);
    }

    [Fact]
    public void Generations_OnlyRise_AndNeverComeAgain()
    {
        var generations = new GenerationCounter();
        var pair = new SessionPair(SessionPair.Parameters(true) with { Generations = generations }, SessionPair.Parameters(false), linked: false);
        var seen = new List<uint> { generations.Next(), pair.A.Machine.Promise(LinkRank.Direct, pair.Now) };
        for (var i = 0; i < 5; i++)
        {
            var link = pair.AddLink();
            seen.Add(link.A.Handle.NominationDue);
            pair.Run();
            Carries(pair, link);
            pair.Lose(link);
        }

        seen.Add(generations.Next());
        seen.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void NominationThatIsNotNewer_MovesNothing()
    {
        // The lower id nominated two links; the nominations arrive in the other order, and one of them twice.
        var pair = Unlinked();
        var (one, two) = (pair.NewLink(), pair.NewLink());
        pair.Join(pair.B, one);
        pair.Join(pair.B, two);
        pair.Handle(pair.B, new RecordBuilder().Nominate(5).Record, two.B).Should().BeTrue();
        pair.B.Machine.ActiveLink.Should().BeSameAs(two.B.Handle);
        foreach (var generation in new ulong[] { 4, 5 })
        {
            pair.Handle(pair.B, new RecordBuilder().Nominate(generation).Record, one.B).Should().BeTrue();
            pair.B.Machine.ActiveLink.Should().BeSameAs(two.B.Handle, "{0} is not newer", generation);
        }

        pair.Handle(pair.B, new RecordBuilder().Nominate(6).Record, one.B).Should().BeTrue();
        pair.B.Machine.ActiveLink.Should().BeSameAs(one.B.Handle);
    }

    [Fact]
    public void Datagrams_AreDropped_WithTheLink()
    {
        var pair = new SessionPair();
        pair.A.Machine.TrySendDatagram("d", [1]).Should().BeTrue();
        pair.ChangeLink();
        pair.Run();
        pair.B.Of(SessionEventKind.DatagramReceived).Should().BeEmpty();
    }

    internal static SessionPair Unlinked(SessionLimits? limits = null) =>
        new(SessionPair.Parameters(true, limits: limits), SessionPair.Parameters(false, limits: limits), linked: false);

    internal static void Carries(SessionPair pair, PairLink link)
    {
        pair.A.Machine.ActiveLink.Should().BeSameAs(link.A.Handle);
        pair.B.Machine.ActiveLink.Should().BeSameAs(link.B.Handle);
    }

    /// <summary>Both directions work, and both ends are sound.</summary>
    internal static void Exchanges(SessionPair pair)
    {
        var (a, b) = (pair.A.Messages.Count(), pair.B.Messages.Count());
        pair.Send(pair.A, [77], 77).Should().Be(SendResult.Queued);
        pair.Send(pair.B, [78], 78).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromMilliseconds(500));
        pair.B.Messages.Skip(b).Single().Payload.Should().Equal(77);
        pair.A.Messages.Skip(a).Single().Payload.Should().Equal(78);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Contain(77);
        pair.B.Tokens(SessionEventKind.Acknowledged).Should().Contain(78);
        (pair.A.Machine.IsClosed, pair.B.Machine.IsClosed).Should().Be((false, false));
    }
}
