using Crust.Buffers;
using Crust.Utp;
using Crust.Utp.Memory;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>Long datagrams, which are sent from where their payload lies.</summary>
public sealed class UtpGatheringTests
{
    [Fact]
    public void WhatIsGathered_IsWhatWouldBeCopied()
    {
        var (copied, none) = Record(null);
        var (gathered, trains) = Record(new GatherList());
        none.Should().Be(0);
        trains.Should().BePositive();
        gathered.Should().HaveSameCount(copied);
        gathered.Zip(copied).Count(both => !both.First.Bytes.SequenceEqual(both.Second.Bytes) || both.First.IsProbe != both.Second.IsProbe).Should().Be(0);

        static (List<Datagram> Sent, int Trains) Record(GatherList? list)
        {
            var options = new UtpOptions { JumboDatagramLength = UtpOptions.JumboFrameLength };
            var pair = new UtpPair(options, options) { Gathered = list, Sent = [] };
            var random = new Random(5);
            pair.Fate = _ => random.Next(100) == 0 ? [] : [0];
            var (left, right) = pair.Open();
            var transfer = new Transfer(left, right, 4_000_000, finishes: true).Start(pair);
            pair.RunUntil(() => transfer.IsDone && right.IsReadFinished, 60);
            return (pair.Sent, pair.GatheredTrains);
        }
    }

    /// <summary>A writer that asks for much room and fills a byte of it gets a block for each byte.</summary>
    [Fact]
    public void BytesInMorePieces_ThanAListTakes_AreCopied()
    {
        var options = new UtpOptions { JumboDatagramLength = UtpOptions.JumboFrameLength };
        var pair = new UtpPair(options, options) { Gathered = new GatherList() };
        var (left, right) = pair.Open();
        var transfer = new Transfer(left, right, 3_000_000).Start(pair);
        pair.RunUntil(() => transfer.IsDone, 30);
        left.Path.DatagramLength.Should().Be(UtpOptions.JumboFrameLength);
        // Of which some are long enough to be gathered, but for their pieces.
        var sent = new List<byte>();
        for (var i = 0; i < 200; i++)
        {
            var length = i is 0 or 199 ? 5_000 : 20;
            var room = left.Reserve(BlockPool.LargeBlockLength + 1);
            room.Span[..length].Fill((byte)i);
            sent.AddRange(room.Span[..length]);
            left.Commit(length);
        }

        left.EndReservation();
        var received = new List<byte>();
        var buffer = new byte[20_000];
        pair.RunUntil(
            () =>
            {
                received.AddRange(buffer.AsSpan(0, right.Read(buffer)));
                return received.Count >= sent.Count;
            },
            30);
        received.Should().Equal(sent);
    }
}
