using Crust.Gateway.Commands;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class OrderLinesTests : IDisposable
{
    private static readonly NetworkId Network = NetworkId.FromName("orders");

    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly PeerIdentity _operator = PeerIdentity.Create();
    private readonly PeerIdentity _subject = PeerIdentity.Create();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _operator.Dispose();
        _subject.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void Tell_SaysWhoOrderedWhatWhenAndWhy()
    {
        Lines(json: false).Tell("audit", [Taken(OrderKind.Ban, "spam")]).Should().ContainSingle();
        _output.ToString().Trim().Should().Be($"2026-11-26T12:00:00Z  ban       {_subject.Id}  by {_operator.Id.ToShortString()}: spam");
    }

    [Fact]
    public void Tell_LeavesOutWhatNobodySigned_AndWarns()
    {
        // The cluster's word alone would let a silo make its operators believe anything.
        var forged = Taken(OrderKind.Ban, "spam");
        forged.Signed[^1] ^= 1;
        var foreign = new PolicyOrder(2, 0, OperatorOrder.Sign(_operator, NetworkId.FromName("another"), 1, Now, OrderKind.Ban, _subject.Id, ""));
        Lines(json: true).Tell("in-force", [forged, foreign, new PolicyOrder(3, 0, [])]).Should().BeEmpty();
        _error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(3);
        _output.ToString().Should().NotContain("in-force");
    }

    [Fact]
    public void Tell_TakesAnyTime()
    {
        Lines(json: true).Tell("audit", [Taken(OrderKind.Drain, "") with { Accepted = ulong.MaxValue }]).Should().ContainSingle();
        _output.ToString().Should().Contain("\"taken\":\"9999-12-31T23:59:59Z\"");
    }

    [Theory]
    [InlineData(OrderResult.NotAnOperator, "not-an-operator")]
    [InlineData(OrderResult.Stale, "number-used")]
    [InlineData(OrderResult.Untimely, "untimely")]
    [InlineData(OrderResult.Full, "orders-full")]
    [InlineData(OrderResult.StorageUnavailable, "storage-unavailable")]
    [InlineData(OrderResult.Invalid, "order-invalid")]
    [InlineData(null, "cluster-away")]
    public void Refusal_HasACode_AndOneSentence(OrderResult? result, string code)
    {
        var given = new GivenOrder(7, IsSent: true, result);
        given.Counts.Should().BeFalse();
        given.Refusal(_operator.Id).Code.Should().Be(code);
        given.Refusal(_operator.Id).Why.Should().EndWith(".").And.NotContain("\n");
    }

    private OrderLines Lines(bool json) => new(new CommandOutput(_output, _error, json), Network);

    private PolicyOrder Taken(OrderKind kind, string reason) =>
        new(1, (ulong)Now.ToUnixTimeMilliseconds(), OperatorOrder.Sign(_operator, Network, 1, Now, kind, _subject.Id, reason));
}
