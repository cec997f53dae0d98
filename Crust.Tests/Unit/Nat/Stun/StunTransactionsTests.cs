using System.Net;
using Crust.Nat.Stun;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Stun;

public sealed class StunTransactionsTests
{
    private static readonly TransportAddress Server = TransportAddress.From(IPEndPoint.Parse("198.51.100.1:3478"));
    private static readonly StunTransactionId Id = new(1, 2);

    [Fact]
    public void AnAnswer_BelongsToItsRequest_Once()
    {
        var transactions = new StunTransactions<string>(4);
        transactions.TryAdd(Id, Server, "me").Should().BeTrue();
        transactions.Claims(Id, Server).Should().BeTrue();
        transactions.Take(Id, Server).Should().Be("me");
        transactions.Take(Id, Server).Should().BeNull();
        transactions.Count.Should().Be(0);
    }

    [Fact]
    public void AnAnswerFromElsewhere_OrWithAnotherId_BelongsToNone()
    {
        var transactions = new StunTransactions<string>(4);
        transactions.TryAdd(Id, Server, "me");
        transactions.Take(Id, Server with { Port = 3479 }).Should().BeNull();
        transactions.Take(new StunTransactionId(1, 3), Server).Should().BeNull();
        transactions.Claims(Id, Server with { Address = Server.Address ^ new Bits128(0, 1) }).Should().BeFalse();
        transactions.Take(Id, Server).Should().Be("me", "guesses do not take it away");
    }

    [Fact]
    public void ATable_HasABound_AndNoIdTwice()
    {
        var transactions = new StunTransactions<string>(2);
        transactions.TryAdd(Id, Server, "a").Should().BeTrue();
        transactions.TryAdd(Id, Server, "b").Should().BeFalse();
        transactions.TryAdd(new StunTransactionId(2, 2), Server, "b").Should().BeTrue();
        transactions.TryAdd(new StunTransactionId(3, 2), Server, "c").Should().BeFalse();
        transactions.Remove(Id).Should().BeTrue();
        transactions.TryAdd(new StunTransactionId(3, 2), Server, "c").Should().BeTrue();
    }

    /// <summary>RFC 8489 §6.2.1: "requests are sent at times 0 ms, 500 ms, 1500 ms, 3500 ms, 7500 ms, 15500 ms, and 31500 ms", given up at 39500 ms.</summary>
    [Fact]
    public void DefaultTimers_AreTheSpecifications()
    {
        var at = TimeSpan.Zero;
        var times = new List<double>();
        for (var sent = 1; sent <= StunTimers.Default.MaxRequests; sent++)
        {
            times.Add(at.TotalMilliseconds);
            at += StunTimers.Default.WaitAfter(sent);
        }

        times.Should().Equal(0, 500, 1500, 3500, 7500, 15500, 31500);
        at.TotalMilliseconds.Should().Be(39500);
    }
}
