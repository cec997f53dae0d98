using System.Net;
using Crust.Access;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Access;

public sealed class PeerAccessTests
{
    [Fact]
    public void Changes_FromManyThreads_AreAllKept_AndEachIsTold()
    {
        var access = new PeerAccess();
        var told = 0;
        access.Changed += () => Interlocked.Increment(ref told);

        Parallel.For(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => access.Deny(new IPNetwork(new IPAddress([10, (byte)(i / 250), (byte)(i % 250), 0]), 24)));

        access.Rules.DeniedNetworks.Should().HaveCount(1000);
        told.Should().Be(1000);
    }

    [Fact]
    public void Replace_IsOneStep()
    {
        using var alice = PeerIdentity.Create();
        using var bob = PeerIdentity.Create();
        var access = new PeerAccess();
        access.Deny(alice.Id);
        var seen = new List<bool>();
        access.Changed += () => seen.Add(access.Rules.Allows(alice.Id) && !access.Rules.Allows(bob.Id));

        access.Replace(AccessRules.Everyone.Deny(bob.Id));

        seen.Should().Equal(true);
    }

    [Fact]
    public void Verbs_DoWhatTheRulesSay()
    {
        using var alice = PeerIdentity.Create();
        var network = IPNetwork.Parse("10.0.0.0/8");
        var access = new PeerAccess();

        access.Deny(alice.Id);
        access.Rules.Allows(alice.Id).Should().BeFalse();
        access.Allow(alice.Id);
        access.Rules.Allows(alice.Id).Should().BeTrue();
        access.Remove(alice.Id);
        access.Rules.Allows(alice.Id).Should().BeFalse("the allow list is empty now");
        access.Deny(network);
        access.Rules.Allows(IPAddress.Parse("10.1.2.3")).Should().BeFalse();
        access.Remove(network);
        access.Rules.Allows(IPAddress.Parse("10.1.2.3")).Should().BeTrue();
    }
}
