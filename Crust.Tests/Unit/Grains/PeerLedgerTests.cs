using Crust.Grains.Abstractions;
using Crust.Grains.Peers;
using Crust.Identity;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class PeerLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly TestPeer _peer = new();
    private readonly PeerLedger _ledger;

    public PeerLedgerTests() => _ledger = new PeerLedger(_peer.Id, TestPeer.Network);

    public void Dispose() => _peer.Dispose();

    [Fact]
    public void Consider_AcceptsTheFirstRecord_AndChangesNothingByItself()
    {
        var record = _peer.Record(7, Now);
        _ledger.Consider(record, Now, out var next).Should().Be(RegisterResult.Accepted);
        next!.Sequence.Should().Be(7);
        next.SignedRecord.Should().Equal(record);
        _ledger.Current(Now).Should().BeNull();
        _ledger.Confirm(next);
        _ledger.Current(Now).Should().Equal(record);
    }

    [Fact]
    public void Consider_TellsUnchangedFromStaleFromNewer()
    {
        var record = Store(_peer.Record(7, Now));
        _ledger.Consider(record, Now, out _).Should().Be(RegisterResult.Unchanged);
        _ledger.Consider(_peer.Record(6, Now), Now, out _).Should().Be(RegisterResult.Stale);
        _ledger.Consider(_peer.Record(7, Now, TimeSpan.FromHours(2)), Now, out _).Should().Be(RegisterResult.Stale, "one sequence number names one record");
        _ledger.Consider(_peer.Record(8, Now), Now, out _).Should().Be(RegisterResult.Accepted);
    }

    [Fact]
    public void Consider_RefusesEveryFlippedByte()
    {
        var record = _peer.Record(7, Now);
        for (var i = 0; i < record.Length; i++)
        {
            var broken = record.ToArray();
            broken[i] ^= 0x10;
            _ledger.Consider(broken, Now, out var next).Should().Be(RegisterResult.Invalid, $"byte {i} is signed");
            next.Should().BeNull();
        }
    }

    [Fact]
    public void Consider_RefusesForeignExpiredAndFutureRecords()
    {
        using var other = new TestPeer();
        var tooFar = (ulong)(Now + TimeSpan.FromDays(2)).ToUnixTimeMilliseconds();
        foreach (var record in new[]
        {
            other.Record(7, Now), _peer.Record(7, Now, network: NetworkId.FromName("another")), _peer.Record(7, Now - TimeSpan.FromHours(2)), _peer.Record(tooFar, Now), [], null!,
        })
        {
            _ledger.Consider(record, Now, out var next).Should().Be(RegisterResult.Invalid);
            next.Should().BeNull();
        }
    }

    [Fact]
    public void Current_EndsWithTheExpiry_ButTheSequenceNumberStillHolds()
    {
        Store(_peer.Record(7, Now));
        var later = Now + TimeSpan.FromHours(1);
        _ledger.Current(later - TimeSpan.FromMilliseconds(1)).Should().NotBeNull();
        _ledger.Current(later).Should().BeNull();
        _ledger.Consider(_peer.Record(6, later), later, out _).Should().Be(RegisterResult.Stale);
    }

    [Fact]
    public void Load_DoesNotBelieveStorage()
    {
        var record = _peer.Record(7, Now);
        record[^1] ^= 1;
        _ledger.Load(new PeerState { SignedRecord = record, Sequence = 7 });
        _ledger.Current(Now).Should().BeNull();
        _ledger.Sequence.Should().Be(7);
    }

    private byte[] Store(byte[] record)
    {
        _ledger.Consider(record, Now, out var next).Should().Be(RegisterResult.Accepted);
        _ledger.Confirm(next!);
        return record;
    }
}
