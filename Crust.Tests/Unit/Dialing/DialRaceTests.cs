using System.Net;
using Crust.Dialing;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Dialing;

public sealed class DialRaceTests
{
    private const int Tcp1 = 0, Utp1 = 1, Tcp2 = 2, Utp2 = 3;

    private static readonly PeerId Peer = PeerIdentity.FromSeed(new byte[32]).Id;

    /// <summary>In the order of the constants.</summary>
    private static readonly PeerAddress[] Four = [At(TransportKind.Tcp, 1), At(TransportKind.Utp, 1), At(TransportKind.Tcp, 2), At(TransportKind.Utp, 2)];

    private readonly List<string> _log = [];
    private Instant _now = new(5_000_000);
    private DialRace _race = null!;

    [Fact]
    public void TheSecondProtocol_StartsAHeadStartLater_AndAddressesOfOneAttemptDelaysApart()
    {
        Begin(Four);
        RunUntil(1000);

        _log.Should().Equal("0 open tcp1", "150 open utp1", "250 open tcp2", "400 open utp2");
    }

    [Fact]
    public void ABlockedProtocol_CostsTheHeadStart()
    {
        Begin(Four[..2]);
        RunUntil(150);
        RunUntil(170);
        _race.HandleOpened(Utp1, _now);
        Drain();

        _log.Should().Equal("0 open tcp1", "150 open utp1", "170 handshake utp1");
        _race.HandleSecured(Utp1);
        Drain();
        _log.Should().HaveElementAt(3, "170 cancel tcp1");
        (_race.IsOver, _race.Winner, _race.IsContested).Should().Be((true, Utp1, true));
        _race.PollTimeout().Should().BeNull();
    }

    [Fact]
    public void TheFavouredProtocol_StartsFirst()
    {
        Begin(Four[..2], TransportKind.Utp);
        RunUntil(200);

        _log.Should().Equal("0 open utp1", "150 open tcp1");
    }

    [Fact]
    public void TheFavouredProtocol_MattersNot_WhereThePeerHasNoAddressForIt()
    {
        Begin([Four[Tcp1]], TransportKind.Utp);

        _log.Should().Equal("0 open tcp1");
    }

    [Fact]
    public void AFailure_StartsTheNextOfItsProtocolAtOnce_AndTheOtherProtocolOnlyWhenNothingIsLeft()
    {
        Begin(Four);
        RunUntil(10);
        Fail(Tcp1, "connection refused");
        RunUntil(20);
        Fail(Tcp2, "connection refused");
        RunUntil(25);

        _log.Should().Equal("0 open tcp1", "10 open tcp2", "20 open utp1");
    }

    [Fact]
    public void ALinkThatOpensSecond_IsHeldBack_AndNeverHandshakes_WhenTheFirstIsGood()
    {
        Begin(Four);
        RunUntil(160);
        Open(Tcp1);
        RunUntil(170);
        Open(Utp1);
        RunUntil(400);
        _race.HandleSecured(Tcp1);
        Drain();

        _log.Should().Equal("0 open tcp1", "150 open utp1", "160 handshake tcp1", "400 cancel utp1");
    }

    [Fact]
    public void NothingNewIsBegun_WhileAHandshakeIsUnderWay()
    {
        Begin(Four);
        RunUntil(5);
        Open(Tcp1);
        RunUntil(900);

        _log.Should().Equal("0 open tcp1", "5 handshake tcp1");
    }

    [Fact]
    public void TheNextLink_GetsItsTurn_WhenTheFirstOnesHandshakeFails()
    {
        Begin(Four[..2]);
        RunUntil(160);
        Open(Tcp1);
        RunUntil(165);
        Open(Utp1);
        RunUntil(180);
        Fail(Tcp1, "the handshake failed");
        _race.HandleSecured(Utp1);
        Drain();

        _log.Should().Equal("0 open tcp1", "150 open utp1", "160 handshake tcp1", "180 handshake utp1");
        _race.Winner.Should().Be(Utp1);
        _race.Runners[Tcp1].Failure.Should().Be("the handshake failed");
    }

    [Fact]
    public void AHandshakeThatSaysNothing_HoldsUpTheOthersOnlySoLong()
    {
        // A firewall that lets connections be made and swallows what they carry would have cost the ten seconds of a handshake.
        Begin(Four);
        RunUntil(20);
        Open(Tcp1);
        RunUntil(1059);
        _log.Should().Equal("0 open tcp1", "20 handshake tcp1");

        RunUntil(1060);
        _log.Should().Equal("0 open tcp1", "20 handshake tcp1", "1060 open tcp2", "1060 open utp1");
        RunUntil(1080);
        Open(Utp1);
        RunUntil(1085);
        _race.HandleSecured(Utp1);
        Drain();

        _log.Skip(4).Should().Equal("1080 handshake utp1", "1085 cancel tcp1", "1085 cancel tcp2");
    }

    [Fact]
    public void TheFirstHandshake_MayStillWin_AfterASecondHasBegun()
    {
        Begin(Four[..2]);
        RunUntil(160);
        Open(Tcp1);
        Open(Utp1);
        RunUntil(2000);
        _race.HandleSecured(Tcp1);
        _race.HandleSecured(Utp1);
        Drain();

        _log.Should().Equal("0 open tcp1", "150 open utp1", "160 handshake tcp1", "1480 handshake utp1", "2000 cancel utp1");
        _race.Winner.Should().Be(Tcp1);
    }

    [Fact]
    public void AnAddressThatDoesNotAnswer_IsGivenUp_AndSaysSo()
    {
        Begin([Four[Tcp1]]);
        RunUntil(10_000);

        _log.Should().Equal("0 open tcp1", "10000 cancel tcp1");
        (_race.IsOver, _race.Winner, _race.Reached).Should().Be((true, null, false));
        _race.Runners[Tcp1].Failure.Should().Be("no answer");
    }

    [Fact]
    public void ARaceOfNobody_IsOver()
    {
        Begin([]);

        (_race.IsOver, _race.Winner).Should().Be((true, null));
        _race.PollTimeout().Should().BeNull();
    }

    [Fact]
    public void LateNews_ChangesNothing()
    {
        Begin(Four[..2]);
        RunUntil(10);
        Open(Tcp1);
        _race.HandleSecured(Tcp1);
        Open(Utp1);
        Fail(Tcp1, "too late");
        _race.HandleSecured(Utp1);
        RunUntil(60_000);

        _log.Should().Equal("0 open tcp1", "10 handshake tcp1");
        (_race.Winner, _race.IsContested).Should().Be((Tcp1, false));
    }

    [Fact]
    public void Explain_SaysWhatWonAndWhatTheOthersDid()
    {
        Begin(Four);
        RunUntil(10);
        Fail(Tcp1, "connection refused");
        RunUntil(172);
        Open(Utp1);

        DialReason.Explain(_race, _race.Runners[Utp1], TransportKind.Tcp, _now).Should()
            .Be("utp://10.0.0.1:4000 answered first, in 22.0 ms; tcp://10.0.0.1:4000: connection refused; tcp://10.0.0.2:4000: no answer for 162 ms; 1 more address was not needed");
        DialReason.Explain(_race, _race.Runners[Utp1], TransportKind.Utp, _now).Should().Contain("in 22.0 ms (µTP was tried first: it alone worked last time);");
    }

    [Fact]
    public void Summarize_SaysHowTheRaceStands()
    {
        Begin(Four);
        RunUntil(10);
        Fail(Tcp1, "connection refused");
        RunUntil(210);

        DialReason.Summarize(_race, _now).Should()
            .Be("tcp://10.0.0.1:4000: connection refused; utp://10.0.0.1:4000: no answer for 60.0 ms; tcp://10.0.0.2:4000: no answer for 200 ms");
    }

    [Fact]
    public void Explain_OfAnOnlyAddress_IsShort()
    {
        Begin([Four[Tcp1]]);
        RunUntil(7);
        Open(Tcp1);

        DialReason.Explain(_race, _race.Runners[0], TransportKind.Utp, _now).Should().Be("tcp://10.0.0.1:4000 answered in 7.0 ms");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WhateverHappens_ItEnds_WithoutSpinning(int seed)
    {
        var random = new DeterministicRandom((ulong)seed);
        for (var round = 0; round < 2000; round++)
        {
            _log.Clear();
            _now = new Instant(0);
            Begin([.. Enumerable.Range(0, random.Next(9)).Select(i => At(random.Next(2) == 0 ? TransportKind.Tcp : TransportKind.Utp, i + 1))], random.Next(2) == 0 ? TransportKind.Tcp : TransportKind.Utp);
            var steps = 0;
            while (!_race.IsOver)
            {
                (++steps).Should().BeLessThan(200, "each deadline makes something happen");
                var shaking = _race.Runners.Where(r => r.State is DialState.Opening or DialState.Shaking).ToList();
                var runner = shaking.Count == 0 ? null : shaking[random.Next(shaking.Count)];
                var action = random.Next(4);
                if (runner is null || action == 0)
                    RunTo(_race.PollTimeout() ?? _now);
                else if (action == 1)
                    Fail(runner.Index, "failed");
                else if (runner.State == DialState.Opening)
                    Open(runner.Index);
                else if (action == 2)
                    _race.HandleSecured(runner.Index);
                Drain();
                // Something is always at work, or waited for.
                (_race.IsOver || _race.PollTimeout() is not null || _race.Runners.Any(r => r.State is DialState.Shaking)).Should().BeTrue();
            }

            _race.Runners.Count(r => r.State == DialState.Shaking && r.Index == _race.Winner).Should().Be(_race.Winner is null ? 0 : 1);
        }
    }

    private static PeerAddress At(TransportKind transport, int host) => new(transport, new IPEndPoint(IPAddress.Parse($"10.0.0.{host}"), 4000), Peer);

    private void Begin(PeerAddress[] addresses, TransportKind favoured = TransportKind.Tcp)
    {
        _start = _now;
        _race = new DialRace(addresses, favoured, _now);
        Drain();
    }

    private Instant _start;

    private void Open(int candidate)
    {
        _race.HandleOpened(candidate, _now);
        Drain();
    }

    private void Fail(int candidate, string reason)
    {
        _race.HandleFailed(candidate, reason, _now);
        Drain();
    }

    /// <summary>Lets the clock run to so many milliseconds after the start, stopping at each deadline.</summary>
    private void RunUntil(int milliseconds)
    {
        var end = _start + TimeSpan.FromMilliseconds(milliseconds);
        while (_race.PollTimeout() is { } due && due <= end)
            RunTo(due);
        RunTo(end);
    }

    private void RunTo(Instant time)
    {
        _now = time > _now ? time : _now;
        _race.HandleTimeout(_now);
        Drain();
    }

    private void Drain()
    {
        while (_race.PollStep(out var step))
        {
            var address = _race.Runners[step.Candidate].Address;
            var host = address.EndPoint.Address.ToString().Split('.')[3];
            _log.Add($"{(_now - _start).TotalMilliseconds:0} {step.Kind.ToString().ToLowerInvariant()} {address.Transport.ToScheme()}{host}");
        }
    }
}
