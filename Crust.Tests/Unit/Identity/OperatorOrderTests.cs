using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class OperatorOrderTests : IDisposable
{
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly PeerIdentity _operator = PeerIdentity.Create();
    private readonly PeerIdentity _subject = PeerIdentity.Create();

    public void Dispose()
    {
        _operator.Dispose();
        _subject.Dispose();
    }

    [Theory]
    [InlineData("", 146)]
    [InlineData("sent spam, ticket #12", 167)]
    [InlineData("stört, Fall 7", 160)]
    public void Order_SaysWhatWasSigned(string reason, int length)
    {
        foreach (var kind in Enum.GetValues<OrderKind>())
        {
            var signed = Sign(kind, reason);
            signed.Should().HaveCount(length);
            OperatorOrder.TryVerify(signed, Network, out var order).Should().BeTrue();
            order.Should().Be(new OperatorOrder(_operator.Id, 7, (ulong)Now.ToUnixTimeMilliseconds(), kind, _subject.Id, reason));
        }
    }

    [Fact]
    public void Order_DoesNotVerify_WhenAnyBitIsAnother()
    {
        var signed = Sign(OrderKind.Ban, "spam");
        for (var bit = 0; bit < signed.Length * 8; bit++)
        {
            signed[bit / 8] ^= (byte)(1 << (bit % 8));
            OperatorOrder.TryVerify(signed, Network, out var order).Should().BeFalse($"bit {bit} is another");
            order.Should().BeNull();
            signed[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        OperatorOrder.TryVerify(signed, Network, out _).Should().BeTrue();
    }

    [Fact]
    public void Order_DoesNotVerify_InAnotherNetwork_OfAnotherOperator_OrOfAnotherLength()
    {
        var signed = Sign(OrderKind.Ban, "spam");
        OperatorOrder.TryVerify(signed, NetworkId.FromName("other"), out _).Should().BeFalse();
        var stolen = signed.ToArray();
        _subject.Id.CopyTo(stolen);
        OperatorOrder.TryVerify(stolen, Network, out _).Should().BeFalse();
        for (var length = 0; length < signed.Length; length++)
            OperatorOrder.TryVerify(signed.AsSpan(0, length), Network, out _).Should().BeFalse();
        OperatorOrder.TryVerify([.. signed, 0], Network, out _).Should().BeFalse();
    }

    [Fact]
    public void Order_IsNoStatementOfAnotherKind()
    {
        // The same body, signed as a peer signs attachments.
        var signed = Sign(OrderKind.Ban, "");
        Statement.Sign(_operator, Statement.AttachmentContext, Network, signed.AsSpan(0, signed.Length - 64)).CopyTo(signed, signed.Length - 64);
        OperatorOrder.TryVerify(signed, Network, out _).Should().BeFalse();
        OperatorOrder.TryParse(signed, out _).Should().BeTrue();
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("bell\a")]
    [InlineData("turned \u202e round")]
    [InlineData("\ud800")]
    public void Reason_MustBePrintable(string reason)
    {
        OperatorOrder.IsReason(reason).Should().BeFalse();
        FluentActions.Invoking(() => Sign(OrderKind.Ban, reason)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Reason_HasAtMost200Bytes()
    {
        Sign(OrderKind.Ban, new string('x', 200)).Should().HaveCount(OperatorOrder.MaxSignedLength);
        OperatorOrder.IsReason(new string('x', 201)).Should().BeFalse();
        OperatorOrder.IsReason(new string('ä', 100)).Should().BeTrue();
        OperatorOrder.IsReason(new string('ä', 101)).Should().BeFalse();
    }

    [Fact]
    public void NextNumber_RisesByTheClock_AndWithoutIt()
    {
        OperatorOrder.NextNumber(0, Now).Should().Be(1_800_000_000_000);
        OperatorOrder.NextNumber(1_800_000_000_000, Now).Should().Be(1_800_000_000_001);
        OperatorOrder.NextNumber(1_900_000_000_000, Now).Should().Be(1_900_000_000_001);
    }

    [Fact]
    public void Order_IsFresh_TenMinutesEitherWay()
    {
        OperatorOrder.TryVerify(Sign(OrderKind.Drain, ""), Network, out var order).Should().BeTrue();
        order!.IsFresh(Now + TimeSpan.FromMinutes(10)).Should().BeTrue();
        order.IsFresh(Now + TimeSpan.FromMinutes(11)).Should().BeFalse();
        order.IsFresh(Now - TimeSpan.FromMinutes(11)).Should().BeFalse();
    }

    private byte[] Sign(OrderKind kind, string reason) => OperatorOrder.Sign(_operator, Network, 7, Now, kind, _subject.Id, reason);
}
