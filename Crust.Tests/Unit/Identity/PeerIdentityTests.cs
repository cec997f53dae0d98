using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class PeerIdentityTests
{
    [Fact]
    public void FromSeed_GivesTheSameIdentityBack()
    {
        using var identity = PeerIdentity.Create();
        var seed = new byte[PeerIdentity.SeedLength];
        identity.ExportSeed(seed);
        using var again = PeerIdentity.FromSeed(seed);
        again.Id.Should().Be(identity.Id);
        again.AgreementPublic.ToArray().Should().Equal(identity.AgreementPublic.ToArray());
        again.AgreementSecret.ToArray().Should().Equal(identity.AgreementSecret.ToArray());
        FluentActions.Invoking(() => PeerIdentity.FromSeed(new byte[31])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Create_GivesAnotherIdentityEachTime()
    {
        using var first = PeerIdentity.Create();
        using var second = PeerIdentity.Create();
        first.Id.Should().NotBe(second.Id);
        PeerId.TryFromBytes(first.Id.ToByteArray(), out _).Should().BeTrue();
    }

    [Fact]
    public void Dispose_EndsItsUse()
    {
        var identity = PeerIdentity.Create();
        identity.Dispose();
        identity.Invoking(i => i.ExportSeed(new byte[32])).Should().Throw<ObjectDisposedException>();
        identity.Invoking(i => i.Sign([], new byte[64])).Should().Throw<ObjectDisposedException>();
        identity.Invoking(i => i.AgreementSecret.Length).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Statement_CountsOnlyInItsContextNetworkAndBody()
    {
        using var identity = PeerIdentity.Create();
        using var other = PeerIdentity.Create();
        var network = NetworkId.FromName("a");
        var signature = Statement.Sign(identity, Statement.Record, network, "body"u8);
        Statement.Verify(identity.Id, Statement.Record, network, "body"u8, signature).Should().BeTrue();
        Statement.Verify(identity.Id, Statement.Batch, network, "body"u8, signature).Should().BeFalse();
        Statement.Verify(identity.Id, Statement.Record, NetworkId.FromName("b"), "body"u8, signature).Should().BeFalse();
        Statement.Verify(identity.Id, Statement.Record, network, "Body"u8, signature).Should().BeFalse();
        Statement.Verify(other.Id, Statement.Record, network, "body"u8, signature).Should().BeFalse();
        Statement.Verify(identity.Id, Statement.Record, network, "body"u8, signature.AsSpan(1)).Should().BeFalse();
    }

    [Fact]
    public void NetworkId_IsTheHashOfItsName()
    {
        var network = NetworkId.FromName("test");
        network.ToByteArray().Should().Equal(Crust.Cryptography.Blake3.Hash("test"u8));
        network.KeyPrefix.Should().Be(network.Hex[..16]).And.HaveLength(16);
        default(NetworkId).Hex.Should().Be(NetworkId.FromName(NetworkId.DefaultName).Hex);
        FluentActions.Invoking(() => NetworkId.FromName("")).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => NetworkId.FromName(new string('x', 256))).Should().Throw<ArgumentException>();
        NetworkId.FromName(new string('x', 255)).Should().NotBe(network);
    }

    /// <summary>The default value used to differ from the default name's id, although both name one network.</summary>
    [Fact]
    public void NetworkId_DefaultValue_EqualsTheDefaultName() => default(NetworkId).Should().Be(NetworkId.FromName(NetworkId.DefaultName));
}
