using Crust.Buffers;
using Crust.Session;
using Crust.Session.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SendLedgerTests
{
    private readonly SendLedger _ledger = new();

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
    public void Release_LetsGoOfWhatIsAcknowledged_AndMovesTheCursorOn()
    {
        Add(3);
        Sign(1, 3);
        Add(2);
        Sign(4, 2);
        _ledger.Rewind();
        _ledger.TryPeekEntry(out _).Should().BeTrue();
        _ledger.AdvanceEntry();

        _ledger.IsBatchEnd(2).Should().BeFalse();
        _ledger.IsBatchEnd(3).Should().BeTrue();
        _ledger.IsBatchEnd(5).Should().BeTrue();
        _ledger.IsBatchEnd(0).Should().BeTrue("nothing new is acknowledged");
        Release(3).Should().Equal(1, 2, 3);

        (_ledger.Count, _ledger.AcknowledgedThrough, _ledger.LastNumber).Should().Be((2, 3UL, 5UL));
        _ledger.Find(3).Should().BeNull();
        _ledger.Find(4)!.Number.Should().Be(4);
        _ledger.Find(6).Should().BeNull();
        Drain().Should().Equal("4", "5", "batch 4-5");
    }

    [Fact]
    public void Release_OfWhatIsWritten_KeepsTheCursor()
    {
        Add(2);
        Sign(1, 2);
        _ledger.IsBehind.Should().BeTrue("the statement was not written");
        Drain().Should().Equal("batch 1-2");
        _ledger.IsBehind.Should().BeFalse();
        Add(2);
        Release(2).Should().Equal(1, 2);
        Drain().Should().BeEmpty();
        Sign(3, 2);
        Drain().Should().Equal("batch 3-4");
        Release(4).Should().Equal(3, 4);
        _ledger.Count.Should().Be(0);
        _ledger.Rewind();
        Drain().Should().BeEmpty();
    }

    [Fact]
    public void Rewind_BeginsAHalfWrittenEntryAnew()
    {
        // It was the first that began anew, and the rest of the second followed its beginning on the lost link.
        Add(2);
        _ledger.Rewind();
        _ledger.AdvanceEntry();
        _ledger.TryPeekEntry(out var half).Should().BeTrue();
        half!.Number.Should().Be(2);
        half.Written = 7;
        _ledger.Rewind();
        half.Written.Should().Be(0);
    }

    private void Add(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var entry = new OutboundEntry();
            entry.SetMessage(new OutboundProtocol("p"u8.ToArray(), isUnsigned: false), 0, PayloadLease.Empty, [], 0, default);
            _ledger.Add(entry);
        }
    }

    private void Sign(ulong first, int count) => _ledger.Add(new SignedBatch(first, count, 0, new byte[64]));

    private List<ulong> Release(ulong through)
    {
        var released = new List<ulong>();
        while (_ledger.TryRelease(through, out var entry))
            released.Add(entry.Number);
        return released;
    }

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
            else if (_ledger.TryPeekEntry(out var entry))
            {
                written.Add($"{entry.Number}");
                _ledger.AdvanceEntry();
            }
            else
            {
                return written;
            }
        }
    }
}
