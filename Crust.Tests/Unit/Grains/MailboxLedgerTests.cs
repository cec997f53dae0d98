using Crust.Grains.Abstractions;
using Crust.Grains.Gateways;
using Crust.Gateway.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class MailboxLedgerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly SupersededCommand Command = new(default, 1);

    private readonly MailboxLedger _ledger = new(100, Now);

    [Fact]
    public void Next_RepeatsUntilAcknowledged()
    {
        Meet();
        Enqueue(3);
        Numbers().Should().Equal(1, 2, 3);
        Numbers().Should().Equal(1, 2, 3);
        _ledger.Hear(1, _ledger.Epoch, 2, Now);
        Numbers().Should().Equal(3);
        Enqueue(1);
        Numbers().Should().Equal(3, 4);
    }

    [Fact]
    public void Hear_OfAnotherEpoch_StartsTheNumbersAnew_AndLosesNothing()
    {
        Meet();
        Enqueue(5);
        _ledger.Hear(1, _ledger.Epoch, 2, Now);
        var before = _ledger.Epoch;
        _ledger.Hear(1, 0, 0, Now).Should().Be(ExchangeStatus.Ok);
        _ledger.Epoch.Should().NotBe(before);
        Numbers().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Hear_OfANewGatewayProcess_EmptiesTheMailbox_AndAnOlderOneGetsNothing()
    {
        Meet();
        Enqueue(5);
        _ledger.Hear(2, 0, 0, Now);
        _ledger.Count.Should().Be(0);
        _ledger.Hear(1, _ledger.Epoch, 0, Now).Should().Be(ExchangeStatus.Superseded);
    }

    [Fact]
    public void Enqueue_RefusesWhenFull_AndTakesAgainAfterAnAcknowledgement()
    {
        Meet();
        Enqueue(IGatewayGrain.MaxCommands);
        _ledger.Enqueue(Command, Now).Should().Be(EnqueueResult.Full);
        _ledger.Count.Should().Be(IGatewayGrain.MaxCommands);
        _ledger.Next().Should().HaveCount(IGatewayGrain.MaxReply);
        _ledger.Hear(1, _ledger.Epoch, 1, Now);
        _ledger.Enqueue(Command, Now).Should().Be(EnqueueResult.Queued);
    }

    [Fact]
    public void Enqueue_RefusesForASilentGateway()
    {
        Meet();
        _ledger.Enqueue(Command, Now + TimeSpan.FromSeconds(9.9)).Should().Be(EnqueueResult.Queued);
        _ledger.Enqueue(Command, Now + TimeSpan.FromSeconds(10)).Should().Be(EnqueueResult.GatewayAway);
    }

    [Fact]
    public void Mailbox_DropsDuplicatesAndGaps_AndStartsAgainWithANewEpoch()
    {
        var mailbox = new Mailbox();
        mailbox.Enter(9).Should().BeTrue();
        mailbox.Enter(9).Should().BeFalse();
        ulong[] arrivals = [1, 1, 2, 4, 3, 2, 4];
        arrivals.Where(number => mailbox.Accept(new NumberedCommand(number, Command))).Should().Equal(1, 2, 3, 4);
        mailbox.AckedThrough.Should().Be(4);
        mailbox.Enter(10).Should().BeTrue();
        mailbox.AckedThrough.Should().Be(0);
    }

    private void Meet() => _ledger.Hear(1, _ledger.Epoch, 0, Now).Should().Be(ExchangeStatus.Ok);

    private void Enqueue(int count)
    {
        for (var i = 0; i < count; i++)
            _ledger.Enqueue(Command, Now).Should().Be(EnqueueResult.Queued);
    }

    private IEnumerable<ulong> Numbers() => _ledger.Next().Select(command => command.Number);
}
