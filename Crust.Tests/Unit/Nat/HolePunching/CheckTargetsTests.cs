using System.Net;
using Crust.Nat.HolePunching;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class CheckTargetsTests
{
    [Theory]
    [InlineData("8.8.8.8:1", AddressScope.Public)]
    [InlineData("100.63.255.255:1", AddressScope.Public)]
    [InlineData("100.64.0.1:1", AddressScope.Private)]
    [InlineData("100.127.255.255:1", AddressScope.Private)]
    [InlineData("100.128.0.0:1", AddressScope.Public)]
    [InlineData("10.255.0.1:1", AddressScope.Private)]
    [InlineData("172.15.0.1:1", AddressScope.Public)]
    [InlineData("172.16.0.1:1", AddressScope.Private)]
    [InlineData("172.31.255.1:1", AddressScope.Private)]
    [InlineData("172.32.0.1:1", AddressScope.Public)]
    [InlineData("192.168.0.1:1", AddressScope.Private)]
    [InlineData("127.9.9.9:1", AddressScope.Loopback)]
    [InlineData("[::1]:1", AddressScope.Loopback)]
    [InlineData("[::ffff:127.0.0.1]:1", AddressScope.Loopback)]
    [InlineData("0.0.0.1:1", AddressScope.None)]
    [InlineData("169.254.169.254:1", AddressScope.None)]
    [InlineData("224.0.0.1:1", AddressScope.None)]
    [InlineData("255.255.255.255:1", AddressScope.None)]
    [InlineData("[::]:1", AddressScope.None)]
    [InlineData("[fe80::1]:1", AddressScope.None)]
    [InlineData("[ff02::1]:1", AddressScope.None)]
    [InlineData("[fd00::1]:1", AddressScope.Private)]
    [InlineData("[2001:db8::1]:1", AddressScope.Public)]
    public void Scope_IsWhatTheRegistriesSay(string address, object scope) =>
        CheckTargets.ScopeOf(At(address)).Should().Be((AddressScope)scope);

    [Theory]
    [InlineData("203.0.113.1:5", "203.0.113.1:6", "192.168.7.7:80", true)]
    [InlineData("203.0.113.1:5", "203.0.113.2:6", "192.168.7.7:80", false)]
    [InlineData("203.0.113.1:5", "203.0.113.2:6", "192.168.1.7:80", true)]
    public void PrivateTargets_NeedASharedPublicAddress_OrLink(string ownReflexive, string otherReflexive, string target, bool may)
    {
        var local = new PunchDescription([new(CandidateKind.Host, At("192.168.1.2:1")), new(CandidateKind.ServerReflexive, At(ownReflexive))], default, true);
        var remote = new PunchDescription([new(CandidateKind.ServerReflexive, At(otherReflexive)), new(CandidateKind.Host, At(target))], default, true);

        CheckTargets.MayCheck(At(target), local, remote, loopbackAllowed: false).Should().Be(may);
    }

    [Fact]
    public void Loopback_IsForThoseOnLoopback()
    {
        var nobody = new PunchDescription([], default, true);

        CheckTargets.MayCheck(At("127.0.0.1:9"), nobody, nobody, loopbackAllowed: false).Should().BeFalse();
        CheckTargets.MayCheck(At("127.0.0.1:9"), nobody, nobody, loopbackAllowed: true).Should().BeTrue();
    }

    private static TransportAddress At(string text) => TransportAddress.From(IPEndPoint.Parse(text));
}
