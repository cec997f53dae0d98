using System.Net;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class HandshakeAdmissionTests
{
    private static readonly Instant Start = new(1_000_000);

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.0")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.0")]
    [InlineData("2001:db8:1:2fff:3::4", "2001:db8:1:2f00::")]
    [InlineData("::1", "::1")]
    public void Prefix_IsWhatOneCustomerIsGiven(string address, string prefix) =>
        AddressPrefix.Of(IPAddress.Parse(address)).Base.Should().Be(IPAddress.Parse(prefix));

    [Fact]
    public void TryBegin_GrantsABurst_ThenTheRate_ToOnePrefix()
    {
        var admission = new HandshakeAdmission(new AdmissionLimits(PerSecond: 10, Burst: 3));

        Begin(admission, "10.0.0.1", Start, times: 5).Should().Be(3);
        Begin(admission, "10.0.0.200", Start + TimeSpan.FromMilliseconds(50), times: 5).Should().Be(0, "it is the same prefix");
        Begin(admission, "10.0.0.1", Start + TimeSpan.FromMilliseconds(200), times: 5).Should().Be(2);
        Begin(admission, "10.0.1.1", Start + TimeSpan.FromMilliseconds(200), times: 5).Should().Be(3, "another prefix has its own");
        admission.RefusedPrefixes.Should().Be(12);
    }

    [Fact]
    public void TryBegin_RemembersOnlySoManyPrefixes_AndForgetsIdleOnes()
    {
        var admission = new HandshakeAdmission(new AdmissionLimits(PerSecond: 1, Burst: 2, MaxPrefixes: 3));
        for (var i = 0; i < 3; i++)
            Begin(admission, $"10.0.{i}.1", Start, times: 1).Should().Be(1);

        Begin(admission, "10.0.9.1", Start, times: 1).Should().Be(0, "all three are busy");
        Begin(admission, "10.0.9.1", Start + TimeSpan.FromSeconds(2), times: 1).Should().Be(1, "full buckets hold no information");
    }

    [Fact]
    public void TryBegin_HoldsOnePeerBack_AndNotItsNeighbour_NorTheSamePeerElsewhere()
    {
        using var alice = PeerIdentity.Create();
        using var bob = PeerIdentity.Create();
        var admission = new HandshakeAdmission(new AdmissionLimits { PeerPerSecond = 2, PeerBurst = 3 });
        var (here, elsewhere) = (IPAddress.Parse("203.0.113.1"), IPAddress.Parse("198.51.100.1"));

        Enumerable.Range(0, 10).Count(_ => admission.TryBegin(alice.Id, here, Start)).Should().Be(3);
        admission.TryBegin(bob.Id, here, Start).Should().BeTrue();
        admission.TryBegin(alice.Id, elsewhere, Start).Should().BeTrue("a message 1 that is replayed somewhere must not keep the peer itself out");
        Enumerable.Range(0, 10).Count(_ => admission.TryBegin(alice.Id, here, Start + TimeSpan.FromSeconds(1))).Should().Be(2);
        admission.RefusedPeers.Should().Be(15);
        Enumerable.Range(0, 100).All(_ => admission.TryBegin(alice.Id, IPAddress.Loopback, Start)).Should().BeTrue("loopback is exempt");
    }

    private static int Begin(HandshakeAdmission admission, string address, Instant now, int times) =>
        Enumerable.Range(0, times).Count(_ => admission.TryBegin(IPAddress.Parse(address), now));
}
