using System.Net;
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

    private static int Begin(HandshakeAdmission admission, string address, Instant now, int times) =>
        Enumerable.Range(0, times).Count(_ => admission.TryBegin(IPAddress.Parse(address), now));
}
