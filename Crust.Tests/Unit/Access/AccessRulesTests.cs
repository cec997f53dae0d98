using System.Net;
using Crust.Access;
using Crust.Identity;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Access;

public sealed class AccessRulesTests
{
    private static readonly PeerId Alice = Peer(1), Bob = Peer(2), Carol = Peer(3);

    [Fact]
    public void Everyone_AllowsAll()
    {
        AccessRules.Everyone.Allows(Alice).Should().BeTrue();
        AccessRules.Everyone.Allows(IPAddress.Loopback).Should().BeTrue();
        AccessRules.Everyone.AllowedPeers.Should().BeNull();
    }

    [Fact]
    public void Deny_KeepsOutOne_AndNobodyElse()
    {
        var rules = AccessRules.Everyone.Deny(Alice);

        rules.Allows(Alice).Should().BeFalse();
        rules.Allows(Bob).Should().BeTrue();
        rules.Remove(Alice).Allows(Alice).Should().BeTrue();
        AccessRules.Everyone.Allows(Alice).Should().BeTrue("rules are immutable");
    }

    [Fact]
    public void Allow_BeginsAList_ThatKeepsOutAllOthers_AlsoWhenItBecomesEmpty()
    {
        var rules = AccessRules.Everyone.Allow(Alice);
        rules.Allows(Alice).Should().BeTrue();
        rules.Allows(Bob).Should().BeFalse();

        var empty = rules.Remove(Alice);
        empty.Allows(Alice).Should().BeFalse("the last one's removal must not let everybody in");
        empty.AllowedPeers.Should().BeEmpty();
        empty.WithoutAllowList().Allows(Bob).Should().BeTrue();
    }

    [Fact]
    public void Denial_CountsMoreThanPermission_UntilItIsLifted()
    {
        var rules = AccessRules.Everyone.Allow(Alice).Allow(Bob).Deny(Alice);

        rules.Allows(Alice).Should().BeFalse();
        rules.Allows(Bob).Should().BeTrue();
        rules.Denies(Carol).Should().BeFalse("missing on a list is not being denied by name");
        rules.Allow(Alice).Allows(Alice).Should().BeTrue("allowing a peer lifts its denial");
    }

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.255", true)]
    [InlineData("203.0.113.0/24", "203.0.114.0", false)]
    [InlineData("203.0.113.0/24", "::ffff:203.0.113.9", true)]
    [InlineData("::ffff:203.0.113.0/120", "203.0.113.9", true)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("0.0.0.0/0", "198.51.100.1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("198.51.100.7/32", "198.51.100.7", true)]
    [InlineData("198.51.100.7/32", "198.51.100.6", false)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    public void DeniedNetwork_HoldsItsAddresses_InEitherSpelling(string network, string address, bool isDenied)
    {
        var rules = AccessRules.Everyone.Deny(IPNetwork.Parse(network));

        rules.Allows(IPAddress.Parse(address)).Should().Be(!isDenied);
        rules.Remove(IPNetwork.Parse(network)).Allows(IPAddress.Parse(address)).Should().BeTrue();
    }

    [Fact]
    public void Networks_EqualALinearSearch() =>
        Gen.Select(Gen.UInt, Gen.Int[1, 32]).Array[0, 40].Select(Gen.UInt.Array[20], Gen.Int).Sample((networks, addresses, seed) =>
        {
            var random = new Random(seed);
            var plain = networks.Select(n => new IPNetwork(Address(n.Item2 == 0 ? 0 : n.Item1 & (uint.MaxValue << (32 - n.Item2))), n.Item2)).Distinct().ToList();
            var rules = plain.Aggregate(AccessRules.Everyone, (all, n) => all.Deny(n).Deny(n));
            var gone = plain.Where(_ => random.Next(3) == 0).ToList();
            rules = gone.Aggregate(rules, (all, n) => all.Remove(n).Remove(n));
            var left = plain.Except(gone).ToList();
            // Random ones, and some that are sure to be inside.
            var asked = addresses.Select(Address).Concat(plain.Select(n => n.BaseAddress));
            return rules.DeniedNetworks.Count == left.Count && asked.All(a => rules.Allows(a) == !left.Any(n => n.Contains(a)));
        });

    private static IPAddress Address(uint value) => new([(byte)(value >> 24), (byte)((value >> 16) & 0xFF), (byte)((value >> 8) & 0xFF), (byte)(value & 0xFF)]);

    private static PeerId Peer(byte seed)
    {
        using var identity = PeerIdentity.FromSeed([.. Enumerable.Repeat(seed, 32)]);
        return identity.Id;
    }
}
