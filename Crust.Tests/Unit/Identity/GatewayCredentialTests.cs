using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class GatewayCredentialTests
{
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void Credential_NamesItsGatewayLifeAndToken_AndNoOther()
    {
        using var gateway = PeerIdentity.Create();
        byte[] token = [.. Enumerable.Range(0, GatewayCredential.TokenLength).Select(i => (byte)i)];
        var signed = GatewayCredential.Sign(gateway, Network, 7, Now, token);
        signed.Should().HaveCount(GatewayCredential.SignedLength);
        GatewayCredential.TryVerify(signed, Network, out var credential).Should().BeTrue();
        credential.Should().Be(new GatewayCredential(gateway.Id, 7, (ulong)Now.ToUnixTimeMilliseconds()));
        GatewayCredential.Names(signed, token).Should().BeTrue();
        token[31] ^= 1;
        GatewayCredential.Names(signed, token).Should().BeFalse();
        GatewayCredential.Names(signed, token.AsSpan(1)).Should().BeFalse();
        GatewayCredential.Names(signed, []).Should().BeFalse();
    }

    [Fact]
    public void Credential_DoesNotVerify_WhenAnyBitIsAnother_OrTheNetworkIs()
    {
        using var gateway = PeerIdentity.Create();
        var signed = GatewayCredential.Sign(gateway, Network, 7, Now, new byte[GatewayCredential.TokenLength]);
        for (var bit = 0; bit < signed.Length * 8; bit++)
        {
            signed[bit / 8] ^= (byte)(1 << (bit % 8));
            GatewayCredential.TryVerify(signed, Network, out _).Should().BeFalse($"bit {bit} is another");
            signed[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        GatewayCredential.TryVerify(signed, NetworkId.FromName("other"), out _).Should().BeFalse();
        GatewayCredential.TryVerify(signed.AsSpan(1), Network, out _).Should().BeFalse();
        GatewayCredential.TryVerify(signed, Network, out _).Should().BeTrue();
    }
}
