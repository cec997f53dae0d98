using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class CircuitTokenTests
{
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void Token_SaysWhatWasSigned_ForTenMinutes()
    {
        using var gateway = PeerIdentity.Create();
        using var caller = PeerIdentity.Create();
        using var callee = PeerIdentity.Create();

        var signed = CircuitToken.Sign(gateway, Network, caller.Id, callee.Id, Now);

        signed.Should().HaveCount(CircuitToken.SignedLength);
        CircuitToken.TryPeekIssuer(signed, out var issuer).Should().BeTrue();
        issuer.Should().Be(gateway.Id);
        CircuitToken.TryVerify(signed, Network, out var token).Should().BeTrue();
        token.Should().Be(new CircuitToken(gateway.Id, caller.Id, callee.Id, (ulong)Now.ToUnixTimeMilliseconds()));
        token!.IsFresh(Now + TimeSpan.FromMinutes(10)).Should().BeTrue();
        token.IsFresh(Now + TimeSpan.FromMinutes(11)).Should().BeFalse();
        token.IsFresh(Now - TimeSpan.FromMinutes(11)).Should().BeFalse();
    }

    [Fact]
    public void Token_DoesNotVerify_WhenAnyBitIsAnother_OrTheNetworkIs()
    {
        using var gateway = PeerIdentity.Create();
        var signed = CircuitToken.Sign(gateway, Network, gateway.Id, gateway.Id, Now);
        for (var i = 0; i < signed.Length; i++)
        {
            signed[i] ^= 1;
            CircuitToken.TryVerify(signed, Network, out _).Should().BeFalse($"byte {i} is another");
            signed[i] ^= 1;
        }

        CircuitToken.TryVerify(signed, NetworkId.FromName("other"), out _).Should().BeFalse();
        CircuitToken.TryVerify(signed.AsSpan(1), Network, out _).Should().BeFalse();
        CircuitToken.TryVerify([], Network, out _).Should().BeFalse();
        CircuitToken.TryVerify(signed, Network, out _).Should().BeTrue();
    }
}
