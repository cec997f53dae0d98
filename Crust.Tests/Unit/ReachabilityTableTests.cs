using System.Net;
using Crust.Identity;
using Crust.Nat.PortMapping;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit;

public sealed class ReachabilityTableTests
{
    private static readonly PeerId Self = PeerIdentity.FromSeed(new byte[32]).Id;
    private static readonly (TransportKind, int)[] Ports = [(TransportKind.Tcp, 41), (TransportKind.Utp, 42)];
    private static readonly PeerAddress Mapped = At("tcp", "203.0.113.7:9", isMapped: true), Plain = At("tcp", "203.0.113.7:41"), Utp = At("utp", "203.0.113.7:42");

    private readonly ReachabilityTable _table = new();
    private Instant _now = new(1_000_000);

    [Fact]
    public void NothingIsPublished_BeforeItIsProven()
    {
        _table.SetCandidates([Plain, Mapped], _now);

        _table.Published.First.Should().BeEmpty();
        _table.Published.Last.Should().BeEmpty();
        _table.All.Should().OnlyContain(a => a.State == ReachabilityState.Unknown && a.Tested == null);
    }

    [Fact]
    public void WhatIsProven_IsPublished_MappedOnesFirst_AndWhatAFilterMayKeepOut_Last()
    {
        _table.SetCandidates([Plain, Mapped, Utp], _now);
        Tell(Plain, ReachabilityState.Proven);
        Tell(Mapped, ReachabilityState.Proven);
        Tell(Utp, ReachabilityState.UnprovenFiltering);

        _table.Published.First.Should().Equal(Mapped, Plain);
        _table.Published.Last.Should().Equal(Utp);
        Tell(Plain, ReachabilityState.Failed);
        _table.Published.First.Should().Equal(Mapped);
        Tell(Plain, ReachabilityState.Proven);
        Tell(Mapped, ReachabilityState.UnprovenFiltering);
        _table.Published.First.Should().Equal([Plain, Mapped], "a mapping has no filter");
    }

    [Fact]
    public void WhatIsNoCandidateAnyMore_IsForgotten_AndWhatStays_IsKept()
    {
        _table.SetCandidates([Plain, Mapped], _now);
        Tell(Plain, ReachabilityState.Proven);
        Tell(Mapped, ReachabilityState.Proven);

        _table.SetCandidates([Plain], _now);
        _table.Published.First.Should().Equal(Plain);
        _table.SetCandidates([Plain, Mapped], _now);

        _table.Published.First.Should().Equal(Plain);
        _table.Due(_now).Should().Equal([Mapped], "its port may be another's now");
    }

    [Fact]
    public void AGatewayIsAsked_ForThreeOfOneIp_AndAgainAfterAWhile()
    {
        PeerAddress[] others = [.. Enumerable.Range(1, 4).Select(i => At("tcp", $"203.0.113.7:{i}"))];
        _table.SetCandidates([.. others, At("tcp", "203.0.113.8:1")], _now);

        var first = _table.Due(_now);
        first.Should().HaveCount(3);
        foreach (var address in first)
            Tell(address, ReachabilityState.Proven);
        _table.Due(_now).Should().ContainSingle().Which.EndPoint.Address.Should().Be(IPAddress.Parse("203.0.113.7"));
        Tell(_table.Due(_now)[0], ReachabilityState.Failed);
        _table.Due(_now).Should().ContainSingle().Which.EndPoint.Address.Should().Be(IPAddress.Parse("203.0.113.8"));
        Tell(_table.Due(_now)[0], ReachabilityState.Proven);
        _table.Due(_now).Should().BeEmpty();
        _table.NextDue.Should().Be(_now + ReachabilityTable.FirstRetry, "what failed is tried again first");
        _now += ReachabilityTable.Again;
        _table.Due(_now).Should().HaveCount(3);
    }

    [Fact]
    public void AMappedPort_IsAskedForApart_SinceOthersAnswerLate()
    {
        var silent = At("tcp", "203.0.113.7:1");
        _table.SetCandidates([silent, Mapped], _now);

        _table.Due(_now).Should().Equal(Mapped);
        Tell(Mapped, ReachabilityState.Proven);

        _table.Due(_now).Should().Equal(silent);
    }

    [Theory]
    [InlineData(ReachabilityState.Failed, 15)]
    [InlineData(ReachabilityState.UnprovenFiltering, 5)]
    public void WhatIsNotProven_IsTriedAgainLessAndLessOften(ReachabilityState state, int lastMinutes)
    {
        _table.SetCandidates([Plain], _now);
        var pauses = new List<TimeSpan>();
        for (var i = 0; i < 8; i++)
        {
            Tell(Plain, state);
            pauses.Add(_table.NextDue!.Value - _now);
            _now = _table.NextDue.Value;
        }

        pauses.Should().BeInAscendingOrder();
        pauses[0].Should().Be(ReachabilityTable.FirstRetry);
        pauses[^1].Should().Be(TimeSpan.FromMinutes(lastMinutes));
        Tell(Plain, ReachabilityState.Proven);
        Tell(Plain, state);
        (_table.NextDue!.Value - _now).Should().Be(ReachabilityTable.FirstRetry, "that was another time");
    }

    [Fact]
    public void AFailure_IsTriedAgainAtOnce_WhenARouterHasOpenedSomething()
    {
        _table.SetCandidates([Plain, Utp], _now);
        Tell(Plain, ReachabilityState.Failed);
        Tell(Utp, ReachabilityState.Proven);

        _table.Hope(_now);

        _table.Due(_now).Should().Equal(Plain);
    }

    [Fact]
    public void WithoutANatThatRewritesPorts_TheCandidatesAreTheListeners_WhereTheGatewaySeesUs() =>
        Candidates([], "203.0.113.7:55555", null).Should().Equal(Plain, Utp);

    [Fact]
    public void BehindAFullCone_ThePortThatTheGatewaySees_IsACandidate_IfItIsTheListeners()
    {
        Candidates([], "203.0.113.7:55555", TransportKind.Utp).Should().Equal(Plain, Utp, At("utp", "203.0.113.7:55555"));
        Candidates([], "203.0.113.7:55555", TransportKind.Tcp).Should().Equal(Plain, Utp, At("tcp", "203.0.113.7:55555"));
    }

    [Fact]
    public void WhereServersSeeTheListeners_IsACandidate_UnlessItIsInside()
    {
        (TransportKind, IPEndPoint)[] seen = [(TransportKind.Utp, IPEndPoint.Parse("203.0.113.7:777")), (TransportKind.Tcp, IPEndPoint.Parse("100.64.0.1:7")), (TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:41"))];

        Candidates([], "203.0.113.7:55555", null, seen).Distinct().Should().Equal(At("utp", "203.0.113.7:777"), Plain, Utp);
    }

    [Theory]
    [InlineData("192.168.1.9:1")]
    [InlineData("100.64.0.9:1")]
    [InlineData("[fe80::1]:1")]
    [InlineData("127.0.0.1:1")]
    public void WhereNobodyElseGets_NothingIsACandidate(string observed) => Candidates([], observed, TransportKind.Utp).Should().BeEmpty();

    [Fact]
    public void AMappedPort_IsACandidate_AtTheRoutersAddress() =>
        Candidates([Mapping("203.0.113.7:9")], "203.0.113.7:55555", null).Should().Equal(Mapped, Plain, Utp);

    [Theory]
    [InlineData("0.0.0.0:9")]
    [InlineData("192.168.7.7:9")]
    [InlineData("100.64.7.7:9")]
    public void AMappedPort_OfARouterThatHasNoPublicAddress_IsTriedWhereTheGatewaySeesUs(string external) =>
        Candidates([Mapping(external)], "203.0.113.7:55555", null).Should().Equal(Mapped, Plain, Utp);

    [Fact]
    public void AMappedPort_AtAnotherAddressThanTheGatewaySees_IsTriedAtBoth() =>
        Candidates([Mapping("198.51.100.1:9")], "203.0.113.7:55555", null).Should().Equal(At("tcp", "198.51.100.1:9", isMapped: true), Mapped, Plain, Utp);

    [Fact]
    public void AMapping_ThatKeepsThePort_IsOneCandidate_AndMapped()
    {
        _table.SetCandidates([At("tcp", "203.0.113.7:41"), At("tcp", "203.0.113.7:41", isMapped: true)], _now);

        _table.All.Should().ContainSingle().Which.Address.IsMapped.Should().BeTrue();
    }

    private static IReadOnlyList<PeerAddress> Candidates(MappedPort[] mappings, string observed, TransportKind? listener, (TransportKind, IPEndPoint)[]? seenAt = null) =>
        ReachabilityCandidates.Of(Self, Ports, mappings, IPEndPoint.Parse(observed), listener, seenAt ?? [], withLoopback: false);

    private static MappedPort Mapping(string external) => new(new PortRequest(MappedProtocol.Tcp, 41), IPEndPoint.Parse(external), MappingMethod.Pcp, TimeSpan.FromHours(1));

    private static PeerAddress At(string scheme, string endPoint, bool isMapped = false) => PeerAddress.Parse($"{scheme}://{endPoint}/{Self}") with { IsMapped = isMapped };

    private void Tell(PeerAddress address, ReachabilityState state) => _table.Handle(address, state, "", DateTimeOffset.UnixEpoch, _now);
}
