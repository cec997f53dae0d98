using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SendLedgerTests
{
    private readonly SendLedger _ledger = new();
    private readonly List<OutboundMessage> _released = [];

    [Fact]
    public void Rewind_GivesEverythingAgain_WithEachStatementAfterItsMessages()
    {
        Add(2);
        Sign(1, 2);
        Add(1);
        Sign(3, 1);
        Add(1);
        _ledger.Rewind();
        Drain().Should().Equal("1", "2", "batch 1-2", "3", "batch 3-3", "4");
        Drain().Should().BeEmpty();
        _ledger.Rewind();
        Drain().Should().HaveCount(6);
    }

    [Fact]
    public void Acknowledge_ReleasesAndMovesTheCursorOn()
    {
        Add(3);
        Sign(1, 3);
        Add(2);
        Sign(4, 2);
        _ledger.Rewind();
        _ledger.TryPeekMessage(out _).Should().BeTrue();
        _ledger.AdvanceMessage();

        _ledger.IsBatchEnd(2).Should().BeFalse();
        _ledger.IsBatchEnd(3).Should().BeTrue();
        _ledger.IsBatchEnd(0).Should().BeTrue("nothing new is acknowledged");
        _ledger.Acknowledge(3, _released);

        _released.Select(m => m.Number).Should().Equal(1, 2, 3);
        (_ledger.Count, _ledger.AcknowledgedThrough, _ledger.LastNumber).Should().Be((2, 3UL, 5UL));
        _ledger.Find(3).Should().BeNull();
        _ledger.Find(4)!.Number.Should().Be(4);
        _ledger.Find(6).Should().BeNull();
        Drain().Should().Equal("4", "5", "batch 4-5");
    }

    [Fact]
    public void Acknowledge_OfWhatIsWritten_KeepsTheCursor()
    {
        Add(2);
        Sign(1, 2);
        Drain().Should().Equal("batch 1-2");
        Add(2);
        _ledger.Acknowledge(2, _released);
        Drain().Should().BeEmpty();
        Sign(3, 2);
        Drain().Should().Equal("batch 3-4");
        _ledger.Acknowledge(4, _released);
        _ledger.Count.Should().Be(0);
        _ledger.Rewind();
        Drain().Should().BeEmpty();
    }

    private void Add(int count)
    {
        for (var i = 0; i < count; i++)
            _ledger.Add(new OutboundMessage(new OutboundProtocol("p"u8.ToArray()), 0, Array.Empty<byte>(), 0, default));
    }

    private void Sign(ulong first, int count) => _ledger.Add(new SignedBatch(first, count, 0, new byte[64]));

    private List<string> Drain()
    {
        var written = new List<string>();
        while (true)
        {
            if (_ledger.TryPeekBatch(out var batch))
            {
                written.Add($"batch {batch.First}-{batch.Last}");
                _ledger.AdvanceBatch();
            }
            else if (_ledger.TryPeekMessage(out var message))
            {
                written.Add($"{message.Number}");
                _ledger.AdvanceMessage();
            }
            else
            {
                return written;
            }
        }
    }
}
