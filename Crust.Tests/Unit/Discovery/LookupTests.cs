using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

/// <summary>Whom a look-up asks, and when it is over.</summary>
public sealed class LookupTests
{
    private readonly RoutingPeers _peers = new(3);
    private readonly PeerId _self, _wanted;
    private Instant _now = new(1_000_000);

    public LookupTests() => (_self, _wanted) = (_peers.DrawId(), _peers.DrawId());

    private Position Target => Position.Of(_wanted);

    [Fact]
    public void TheNearestAreAsked_ThreeAtATime()
    {
        var seeds = Draw(10);
        var lookup = Begin(seeds);
        Poll(lookup).Should().Equal(Nearest(seeds).Take(3));
        lookup.HandleAnswer(Nearest(seeds)[0], [], _now);
        Poll(lookup).Should().Equal(Nearest(seeds)[3]);
    }

    [Fact]
    public void WithTheRecordTold_ItIsOver_AndTheHopsAreCounted()
    {
        var seeds = Draw(3);
        var lookup = Begin(seeds);
        Poll(lookup);
        var nearer = _peers.DrawIn(Target, 12);
        lookup.HandleAnswer(seeds[0].Id, [nearer], _now);
        Poll(lookup).Should().Equal(nearer.Id);
        lookup.HandleAnswer(nearer.Id, [_peers.Draw(id: _wanted)], _now);
        lookup.IsOver.Should().BeTrue();
        lookup.Found!.Id.Should().Be(_wanted);
        lookup.Hops.Should().Be(2);
        lookup.PollTimeout().Should().BeNull();
        Poll(lookup).Should().BeEmpty();
    }

    [Fact]
    public void WithoutIt_ItIsOver_ExactlyWhenTheKNearestHaveAnswered()
    {
        var seeds = Draw(50);
        var lookup = Begin(seeds);
        var asked = new List<PeerId>();
        while (!lookup.IsOver)
        {
            var next = Poll(lookup);
            next.Should().NotBeEmpty();
            asked.AddRange(next);
            foreach (var peer in next)
                lookup.HandleAnswer(peer, [], _now);
        }

        asked.Should().Equal(Nearest(seeds).Take(RoutingLimits.BucketSize));
        lookup.Closest.Select(static k => k.Id).Should().Equal(asked);
    }

    [Fact]
    public void WhoFails_MakesRoomForTheNext()
    {
        var seeds = Draw(21);
        var lookup = Begin(seeds);
        lookup.PollRequest(_now, out var first);
        lookup.HandleFailure(first.Id, _now);
        while (lookup.PollRequest(_now, out var next))
            lookup.HandleAnswer(next.Id, [], _now);
        lookup.IsOver.Should().BeTrue();
        lookup.Requests.Should().Be(21);
        lookup.Closest.Should().HaveCount(20).And.NotContain(k => k.Id == first.Id);
    }

    [Fact]
    public void WhoIsSlow_MakesRoomAfterASecond_AndMayStillAnswer()
    {
        var seeds = Draw(10);
        var lookup = Begin(seeds);
        var slow = Poll(lookup);
        lookup.PollTimeout().Should().Be(_now + RoutingLimits.SlowAfter);
        _now += RoutingLimits.SlowAfter;
        Poll(lookup).Should().HaveCount(3);
        lookup.HandleAnswer(slow[0], [_peers.Draw(id: _wanted)], _now);
        lookup.Found.Should().NotBeNull();
    }

    [Fact]
    public void WhoIsSilent_HasFailed_AndItEndsWithNobodyLeft()
    {
        var lookup = Begin(Draw(3));
        Poll(lookup);
        _now += RoutingLimits.RequestTimeout;
        lookup.HandleTimeout(_now);
        lookup.IsOver.Should().BeTrue();
        Begin([]).PollRequest(_now, out _).Should().BeFalse();
    }

    [Fact]
    public void Liars_CostABoundedNumberOfRequests()
    {
        var lookup = Begin(Draw(3));
        var asked = 0;
        while (!lookup.IsOver)
        {
            foreach (var peer in Poll(lookup))
            {
                asked++;
                // Each tells of far too many that are nearer than itself, of us, and of itself.
                lookup.HandleAnswer(peer, [_peers.Draw(id: _self), .. Enumerable.Range(0, 100).Select(_ => _peers.DrawIn(Target, Math.Min(asked / 8, 12)))], _now);
            }
        }

        asked.Should().BeLessThanOrEqualTo(RoutingLimits.LookupRequests);
        lookup.Closest.Should().NotContain(k => k.Id == _self);
    }

    [Fact]
    public void OnePrefix_HasThreePlacesAmongTheNearest()
    {
        var honest = Draw(20);
        var near = Enumerable.Range(0, 50).Select(i => _peers.DrawIn(Target, 10, $"66.6.6.{i + 1}")).ToList();
        var lookup = Begin([.. honest, .. near]);
        var asked = new List<PeerId>();
        while (!lookup.IsOver)
        {
            foreach (var peer in Poll(lookup))
            {
                asked.Add(peer);
                lookup.HandleAnswer(peer, [], _now);
            }
        }

        asked.Intersect(near.Select(static k => k.Id)).Should().HaveCount(RoutingLimits.PrefixInLookup);
        asked.Should().HaveCount(RoutingLimits.BucketSize);
    }

    [Fact]
    public void AnAnswerUnasked_OrASecondOne_IsIgnored()
    {
        var seeds = Draw(5);
        var lookup = Begin(seeds);
        var asked = Poll(lookup);
        var stranger = seeds.Select(static k => k.Id).Except(asked).First();
        lookup.HandleAnswer(stranger, [_peers.Draw(id: _wanted)], _now);
        lookup.HandleAnswer(_peers.DrawId(), [_peers.Draw(id: _wanted)], _now);
        lookup.HandleAnswer(asked[0], [], _now);
        lookup.HandleAnswer(asked[0], [_peers.Draw(id: _wanted)], _now);
        lookup.Found.Should().BeNull();
    }

    [Fact]
    public void ARecordThatLeadsNowhere_IsFollowedByANewerOne()
    {
        var seeds = Draw(5);
        var lookup = Begin(seeds);
        var asked = Poll(lookup);
        lookup.HandleAnswer(asked[0], [_peers.Draw(sequence: 1, id: _wanted)], _now);
        lookup.GoOn(_now);
        lookup.IsOver.Should().BeFalse();
        lookup.HandleAnswer(asked[1], [_peers.Draw(sequence: 1, id: _wanted)], _now);
        lookup.IsOver.Should().BeFalse("it is the same one");
        lookup.HandleAnswer(asked[2], [_peers.Draw(sequence: 2, id: _wanted)], _now);
        lookup.IsOver.Should().BeTrue();
        lookup.Found!.Record.Sequence.Should().Be(2);
    }

    private Lookup Begin(IEnumerable<KnownPeer> seeds) => new(Target, _wanted, _self, seeds, _now);

    private List<KnownPeer> Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => _peers.Draw())];

    private List<PeerId> Nearest(IEnumerable<KnownPeer> peers) =>
        [.. peers.Order(Comparer<KnownPeer>.Create((l, r) => Target.CompareDistance(l.Position, r.Position))).Select(static k => k.Id)];

    private List<PeerId> Poll(Lookup lookup)
    {
        var asked = new List<PeerId>();
        while (lookup.PollRequest(_now, out var peer))
            asked.Add(peer.Id);
        return asked;
    }
}
