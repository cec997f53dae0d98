using System.Net;
using Crust.Discovery.Bootstrap;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

public sealed class BootstrapCacheTests
{
    private static readonly NetworkId Network = NetworkId.FromName("cache-tests");
    private static readonly IReadOnlySet<PeerId> Nobody = new HashSet<PeerId>();

    private readonly BootstrapCache _cache = new();
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void WhatIsTold_IsFound_AndWhatWasReachedComesFirst()
    {
        Tell(1);
        Tell(2);
        _cache.HandleReached(Id(2), CachedNodeKind.Gateway, [At(2)], _now);
        Tell(3, CachedNodeKind.Peer);
        _cache.InOrder(CachedNodeKind.Gateway, Nobody, _now).Select(n => n.Peer).Should().Equal(Id(2), Id(1));
        _cache.Find(Id(3))!.Addresses.Should().Equal(At(3));
    }

    [Fact]
    public void WhoIsLeftOut_IsNotTried()
    {
        Tell(1);
        Tell(2);
        _cache.InOrder(CachedNodeKind.Gateway, new HashSet<PeerId> { Id(1) }, _now).Select(n => n.Peer).Should().Equal(Id(2));
    }

    [Fact]
    public void TheScore_FallsWithTimeAndFailures_AndRisesWithSuccesses()
    {
        Tell(1);
        var told = _cache.Find(Id(1))!;
        _cache.HandleReached(Id(1), CachedNodeKind.Gateway, [At(1)], _now);
        var reached = _cache.Find(Id(1))!;
        _cache.HandleFailed(Id(1), _now);
        var failed = _cache.Find(Id(1))!;
        reached.Score(_now).Should().BeGreaterThan(told.Score(_now));
        failed.Score(_now).Should().BeLessThan(told.Score(_now));
        reached.Score(_now + TimeSpan.FromDays(7)).Should().BeApproximately(reached.Score(_now) / 2, 1e-9);
        reached.Score(_now - TimeSpan.FromDays(7)).Should().Be(reached.Score(_now), "a clock that was set back makes nobody better");
    }

    [Fact]
    public void ANodeThatWasNeverReached_GoesAtTheSecondFailure_OneThatWasAtTheEighth()
    {
        Tell(1);
        _cache.HandleFailed(Id(1), _now);
        _cache.Count.Should().Be(1);
        _cache.HandleFailed(Id(1), _now);
        _cache.Count.Should().Be(0);
        _cache.HandleReached(Id(2), CachedNodeKind.Gateway, [At(2)], _now);
        for (var i = 0; i < BootstrapCache.MaxFailures; i++)
        {
            _cache.Count.Should().Be(1);
            _cache.HandleFailed(Id(2), _now);
        }

        _cache.Count.Should().Be(0);
    }

    [Fact]
    public void ANodeThatNobodyTellsOf_AgesAway()
    {
        Tell(1);
        _cache.HandleReached(Id(2), CachedNodeKind.Gateway, [At(2)], _now);
        _cache.Prune(_now + BootstrapCache.MaxUntriedAge);
        _cache.Count.Should().Be(2);
        _cache.Prune(_now + BootstrapCache.MaxUntriedAge + TimeSpan.FromSeconds(1));
        _cache.All.Should().ContainSingle().Which.Peer.Should().Be(Id(2));
        _cache.Prune(_now + BootstrapCache.MaxAge + TimeSpan.FromSeconds(1));
        _cache.Count.Should().Be(0);
    }

    [Fact]
    public void TheCache_HasItsBounds_AndNobodyPushesOutWhatWasReached()
    {
        for (var i = 0; i < 30; i++)
            _cache.HandleReached(Id(i), CachedNodeKind.Gateway, [At(i)], _now);
        for (var i = 100; i < 600; i++)
        {
            Tell(i, CachedNodeKind.Peer);
            Tell(1000 + i);
        }

        _cache.Count.Should().Be(BootstrapCache.MaxNodes);
        _cache.All.Count(n => n.Kind == CachedNodeKind.Peer).Should().BeInRange(BootstrapCache.MaxNodes - BootstrapCache.MaxOfKind, BootstrapCache.MaxOfKind);
        _cache.All.Count(n => n.Reached is not null).Should().Be(30);
        for (var i = 600; i < 1000; i++)
            _cache.HandleReached(Id(i), CachedNodeKind.Peer, [At(i)], _now);
        _cache.Count.Should().Be(BootstrapCache.MaxNodes);
        _cache.All.Count(n => n.Kind == CachedNodeKind.Gateway && n.Reached is not null).Should().Be(30, "peers have their own part");
    }

    [Fact]
    public void APrefix_HasATenth_UntilItsNodesAreReached()
    {
        for (var i = 0; i < 50; i++)
            _cache.HandleTold(Id(i), CachedNodeKind.Gateway, [new PeerAddress(TransportKind.Tcp, new IPEndPoint(new IPAddress([203, 0, (byte)i, 7]), 4000), Id(i))], _now);
        _cache.Count.Should().Be(BootstrapCache.MaxUntriedOfPrefix);
        _cache.HandleReached(Id(60), CachedNodeKind.Gateway, [new PeerAddress(TransportKind.Tcp, new IPEndPoint(new IPAddress([203, 0, 60, 7]), 4000), Id(60))], _now);
        _cache.Count.Should().Be(BootstrapCache.MaxUntriedOfPrefix + 1);
    }

    [Fact]
    public void OfANodeThatWasReached_ThatAddressStaysFirst_WhateverOthersTell()
    {
        _cache.HandleReached(Id(1), CachedNodeKind.Peer, [At(1)], _now);
        for (var i = 0; i < 20; i++)
            _cache.HandleTold(Id(1), CachedNodeKind.Peer, [At(1, 5000 + i)], _now);
        _cache.Find(Id(1))!.Addresses.Should().HaveCount(BootstrapCache.MaxAddresses).And.StartWith(At(1));
    }

    [Fact]
    public void TheText_IsReadBack()
    {
        Fill();
        BootstrapCacheText.TryParse(BootstrapCacheText.Format(_cache.All, Network), Network, out var nodes).Should().BeTrue();
        nodes.Should().BeEquivalentTo(_cache.All);
    }

    [Fact]
    public void AFullCache_FitsTheFile()
    {
        var nodes = Enumerable.Range(0, BootstrapCache.MaxNodes).Select(i => new CachedNode(
            Id(i), CachedNodeKind.Gateway,
            [.. Enumerable.Range(1, BootstrapCache.MaxAddresses).Select(a => new PeerAddress(TransportKind.Utp, new IPEndPoint(IPAddress.Parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), 65536 - a), Id(i)))],
            _now, _now, int.MaxValue, 7));
        BootstrapCacheText.TryParse(BootstrapCacheText.Format(nodes, Network), Network, out var read).Should().BeTrue();
        read.Should().HaveCount(BootstrapCache.MaxNodes);
    }

    [Fact]
    public void AnyDamage_IsSeen()
    {
        Fill();
        var good = BootstrapCacheText.Format(_cache.All, Network);
        BootstrapCacheText.TryParse(good, NetworkId.FromName("other"), out _).Should().BeFalse();
        for (var length = 0; length < good.Length; length++)
            BootstrapCacheText.TryParse(good.AsSpan(0, length), Network, out _).Should().BeFalse($"{length} bytes are not all");
        for (var i = 0; i < good.Length; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 1;
            BootstrapCacheText.TryParse(bad, Network, out _).Should().BeFalse($"byte {i} is wrong");
        }
    }

    [Fact]
    public void WhatAnotherProcessWrote_IsTakenOver_UnlessItWasGivenUpHere()
    {
        Tell(1);
        Tell(2);
        var written = _cache.All.ToList();
        _now += TimeSpan.FromMinutes(1);
        _cache.HandleFailed(Id(1), _now);
        _cache.HandleFailed(Id(1), _now);
        _cache.HandleReached(Id(2), CachedNodeKind.Gateway, [At(2)], _now);
        _cache.Merge([.. written, new CachedNode(Id(3), CachedNodeKind.Peer, [At(3)], _now, null, 0, 0)], _now);
        _cache.Find(Id(1)).Should().BeNull();
        _cache.Find(Id(2))!.Reached.Should().Be(_now);
        _cache.Find(Id(3)).Should().NotBeNull();
        _cache.Merge([written.Find(n => n.Peer == Id(1))! with { Reached = _now + TimeSpan.FromSeconds(1) }], _now);
        _cache.Find(Id(1)).Should().NotBeNull("the other process has reached it since");
    }

    private static PeerId Id(int number)
    {
        var bytes = new byte[PeerId.ByteLength];
        BitConverter.TryWriteBytes(bytes, number + 2);
        bytes[31] = 0x2A;
        // A key is not needed for anything but its text, which must be one that is read.
        for (byte tweak = 0; ; tweak++)
        {
            bytes[30] = tweak;
            if (PeerId.TryFromBytes(bytes, out var id))
                return id;
        }
    }

    /// <summary>An address in a prefix of its own.</summary>
    private static PeerAddress At(int number, int port = 4000) => new(TransportKind.Tcp, new IPEndPoint(new IPAddress([(byte)(1 + number / 256), (byte)(number % 256), 0, 7]), port), Id(number));

    private void Tell(int number, CachedNodeKind kind = CachedNodeKind.Gateway) => _cache.HandleTold(Id(number), kind, [At(number)], _now);

    private void Fill()
    {
        Tell(1);
        Tell(2, CachedNodeKind.Peer);
        _cache.HandleReached(Id(2), CachedNodeKind.Peer, [At(2), At(2, 4001)], _now);
        _cache.HandleFailed(Id(2), _now);
        Tell(3);
    }
}
