using Crust.Grains.Abstractions;
using Crust.Grains.Orders;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class OrderLedgerTests : IDisposable
{
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ulong First = (ulong)Now.ToUnixTimeMilliseconds();

    private static readonly Dictionary<(int Page, int Index), PeerId> Subjects = [];

    private readonly PeerIdentity _operator = PeerIdentity.Create();
    private readonly PeerIdentity _other = PeerIdentity.Create();
    private readonly PeerIdentity _peer = PeerIdentity.Create();
    private readonly OrderLedger _ledger;
    private readonly Dictionary<int, OrderPageState> _stored = [];

    public OrderLedgerTests() => _ledger = new OrderLedger(Network, new HashSet<PeerId> { _operator.Id, _other.Id });

    public void Dispose()
    {
        _operator.Dispose();
        _other.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public void Order_IsToldAsAChange_AndInForceUntilTakenBack()
    {
        _ledger.Since(0).Should().BeNull("nothing was ordered yet");
        var ban = Sign(First, OrderKind.Ban);
        Submit(ban).Should().Be(OrderResult.Accepted);
        Kinds(_ledger.Since(0)!).Should().Equal(OrderKind.Ban);
        _ledger.Since(0)!.IsWhole.Should().BeTrue();
        Submit(Sign(First + 1, OrderKind.Allow)).Should().Be(OrderResult.Accepted);
        Kinds(_ledger.Since(0)!).Should().Equal(OrderKind.Ban, OrderKind.Allow);

        Submit(Sign(First + 2, OrderKind.Unban)).Should().Be(OrderResult.Accepted);
        var changes = _ledger.Since(1)!;
        changes.IsWhole.Should().BeFalse();
        changes.Version.Should().Be(3);
        Kinds(changes).Should().Equal(OrderKind.Allow, OrderKind.Unban);
        Kinds(_ledger.Since(0)!).Should().Equal(OrderKind.Allow);
        _ledger.Since(3).Should().BeNull();
        _ledger.Audit(10).Select(order => order.Version).Should().Equal(3, 2, 1);
        _ledger.Audit(1)[0].Accepted.Should().Be(First);
    }

    [Fact]
    public void Order_WhoseNumberIsNotNew_IsRefused()
    {
        var ban = Sign(First + 5, OrderKind.Ban);
        Submit(ban).Should().Be(OrderResult.Accepted);
        Submit(ban).Should().Be(OrderResult.Unchanged);
        Submit(Sign(First + 5, OrderKind.Unban)).Should().Be(OrderResult.Stale);
        Submit(Sign(First + 6, OrderKind.Unban)).Should().Be(OrderResult.Accepted);
        // The ban again, by whoever kept it.
        Submit(ban).Should().Be(OrderResult.Stale);
        Kinds(_ledger.Since(0)!).Should().BeEmpty();
        // Each operator counts for itself.
        Submit(Sign(First, OrderKind.Ban, by: _other)).Should().Be(OrderResult.Accepted);
        _ledger.LastNumber(_operator.Id).Should().Be(First + 6);
        _ledger.LastNumber(_other.Id).Should().Be(First);
        _ledger.LastNumber(_peer.Id).Should().Be(0);
    }

    [Fact]
    public void Number_HoldsForAllSubjectsTogether()
    {
        Submit(Sign(First + 5, OrderKind.Ban)).Should().Be(OrderResult.Accepted);
        var late = new[] { _operator, _other, PeerIdentity.Create() };
        late.Select(subject => Submit(Sign(First + 4, OrderKind.Ban, subject.Id))).Should().OnlyContain(result => result == OrderResult.Stale);
        late[2].Dispose();
    }

    [Fact]
    public void Order_OfNoOperator_OfAnotherNetwork_OrBroken_ChangesNothing()
    {
        Submit(Sign(First, OrderKind.Ban, by: _peer)).Should().Be(OrderResult.NotAnOperator);
        Submit(OperatorOrder.Sign(_operator, NetworkId.FromName("other"), First, Now, OrderKind.Ban, _peer.Id, "")).Should().Be(OrderResult.Invalid);
        var broken = Sign(First, OrderKind.Ban);
        broken[^1] ^= 1;
        Submit(broken).Should().Be(OrderResult.Invalid);
        Submit([]).Should().Be(OrderResult.Invalid);
        Submit(null).Should().Be(OrderResult.Invalid);
        Submit(Sign(First + 90_000_000, OrderKind.Ban)).Should().Be(OrderResult.Invalid, "a number a day ahead would lock its operator out");
        _ledger.Version.Should().Be(0);
        new OrderLedger(Network, new HashSet<PeerId>()).Consider(Sign(First, OrderKind.Ban), Now, out _, out _, out _).Should().Be(OrderResult.NotAnOperator);
    }

    [Fact]
    public void Order_KeptBackForLong_IsUntimely()
    {
        var order = Sign(First, OrderKind.Ban);
        _ledger.Consider(order, Now + TimeSpan.FromMinutes(11), out _, out _, out _).Should().Be(OrderResult.Untimely);
        _ledger.Consider(order, Now - TimeSpan.FromMinutes(11), out _, out _, out _).Should().Be(OrderResult.Untimely);
        Submit(order).Should().Be(OrderResult.Accepted);
    }

    [Fact]
    public void Page_IsBounded_AndTellsWhatItForgot()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var number = First;
        var page = OrderLedger.PageOf(_peer.Id);
        var reason = new string('x', OperatorOrder.MaxReasonLength);
        for (var i = 0; i < OrderLedger.MaxInForce; i++)
            Submit(Sign(++number, OrderKind.Ban, SubjectIn(page, i), reason: reason)).Should().Be(OrderResult.Accepted);
        Submit(Sign(++number, OrderKind.Ban, SubjectIn(page, OrderLedger.MaxInForce), reason: reason)).Should().Be(OrderResult.Full);
        // What is in force already may change.
        Submit(Sign(++number, OrderKind.Ban, SubjectIn(page, 0), reason: reason)).Should().Be(OrderResult.Accepted);
        _ledger.Since(0)!.Orders.Should().HaveCount(OrderLedger.MaxInForce);
        _ledger.Audit(10_000).Should().HaveCount(OrderLedger.MaxRecent);
        _ledger.Since(1)!.IsWhole.Should().BeTrue("what came after it was partly forgotten");
        _ledger.Since(_ledger.Version - 5)!.IsWhole.Should().BeFalse();
        _ledger.Since(_ledger.Version + 5)!.IsWhole.Should().BeTrue("that version is of another life of the storage");

        _ledger.Consider(Sign(++number, OrderKind.Ban, SubjectIn(page, 0), reason: reason), Now, out _, out _, out var state).Should().Be(OrderResult.Accepted);
        serializer.SerializeToArray(state!).Length.Should().BeLessThan(256 * 1024);
    }

    [Fact]
    public void OrdersOfAFormerOperator_AreKept_ButToldToNobody()
    {
        Submit(Sign(First, OrderKind.Ban, by: _other)).Should().Be(OrderResult.Accepted);
        Submit(Sign(First, OrderKind.Ban, _other.Id)).Should().Be(OrderResult.Accepted);
        var later = new OrderLedger(Network, new HashSet<PeerId> { _operator.Id });
        foreach (var (page, state) in _stored)
            later.Load(page, state);
        later.Since(0)!.Orders.Should().ContainSingle();
        later.Audit(10).Should().HaveCount(2);
    }

    /// <summary>Ids of one page.</summary>
    private static PeerId SubjectIn(int page, int index)
    {
        while (true)
        {
            if (Subjects.TryGetValue((page, index), out var known))
                return known;
            using var identity = PeerIdentity.Create();
            var of = OrderLedger.PageOf(identity.Id);
            Subjects[(of, Subjects.Keys.Count(key => key.Page == of))] = identity.Id;
        }
    }

    private static IEnumerable<OrderKind> Kinds(PolicyChanges changes) => changes.Orders.Select(order =>
    {
        OperatorOrder.TryVerify(order.Signed, Network, out var read).Should().BeTrue();
        return read!.Kind;
    });

    private OrderResult Submit(byte[]? signed)
    {
        var result = _ledger.Consider(signed, Now, out _, out var page, out var next);
        if (result == OrderResult.Accepted)
        {
            _ledger.Load(page, next!);
            _stored[page] = next!;
        }
        else
        {
            next.Should().BeNull();
        }

        return result;
    }

    private byte[] Sign(ulong number, OrderKind kind, PeerId? subject = null, PeerIdentity? by = null, string reason = "") =>
        OperatorOrder.Sign(by ?? _operator, Network, number, Now, kind, subject ?? _peer.Id, reason);
}
