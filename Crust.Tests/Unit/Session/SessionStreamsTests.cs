using Crust.Cryptography;
using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Streams between two machines, from their opening until nothing is left of them.</summary>
public class SessionStreamsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stream_CarriesBytesBothWays_AndIsOverWhenBothHaveEnded(bool signed)
    {
        var pair = new SessionPair(signed);
        var (forth, back) = (Random(300_000, 1), Random(200_000, 2));
        var stream = pair.Open(pair.A, priority: 2, protocol: "files");
        pair.WriteAll(pair.A, stream, forth).Should().BeTrue();
        pair.A.Machine.Finish(stream, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));

        var opened = pair.B.Of(SessionEventKind.StreamOpened).Single();
        (opened.Protocol, (int)opened.Priority, opened.IsSigned).Should().Be(("files", 2, signed));
        var remote = opened.Stream!;
        (remote.Id, remote.IsOurs, stream.Id, stream.IsOurs).Should().Be((stream.Id, false, remote.Id, true));
        pair.B.Log(remote).Bytes.Should().Equal(forth);
        pair.B.Log(remote).Finishes.Should().Be(1);
        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((1, 1), "one direction is open");

        pair.WriteAll(pair.B, remote, back).Should().BeTrue();
        pair.B.Machine.Finish(remote, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Log(stream).Bytes.Should().Equal(back);
        pair.A.Log(stream).Finishes.Should().Be(1);
        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((0, 0));
        pair.B.Of(SessionEventKind.StreamData).Should().OnlyContain(e => e.IsSigned == signed);
    }

    [Fact]
    public void Ids_AreEvenForTheLowerId_OddForTheHigher_InTheOrderOfTheOpenings()
    {
        var pair = new SessionPair();
        var a = Enumerable.Range(0, 3).Select(_ => pair.Open(pair.A)).ToList();
        var b = Enumerable.Range(0, 3).Select(_ => pair.Open(pair.B)).ToList();
        a.Should().OnlyContain(s => s.Id == 0, "the opening gives the id");
        pair.Run();
        a.Select(s => s.Id).Should().Equal(2, 4, 6);
        b.Select(s => s.Id).Should().Equal(1, 3, 5);
        pair.B.Opened.Select(s => s.Id).Should().Equal(2, 4, 6);
        pair.A.Opened.Select(s => s.Id).Should().Equal(1, 3, 5);
    }

    [Fact]
    public void Opening_OfAHigherPriority_GetsTheLowerId()
    {
        var pair = new SessionPair();
        var (late, early) = (pair.Open(pair.A, priority: 3), pair.Open(pair.A, priority: 0));
        pair.Run();
        (early.Id, late.Id).Should().Be((2, 4));
        pair.B.Opened.Select(s => s.Id).Should().Equal(2, 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HashedPiece_IsSignedByItsHash(bool isRight)
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        var (piece, digest) = (Random(20_000, 1), new byte[Blake3.HashLength]);
        Blake3.Hash(piece, digest);
        if (!isRight)
            digest[0] ^= 1;
        pair.A.Machine.Write(stream, piece, pair.Now, digest).Should().Be(piece.Length);
        pair.Advance(TimeSpan.FromSeconds(1));
        if (isRight)
            pair.B.Log(pair.B.Opened.Single()).Bytes.Should().Equal(piece);
        else
            pair.B.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation, "what counts is what was hashed");
    }

    [Fact]
    public void HashedPiece_IsTakenWhole()
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        FluentActions.Invoking(() => pair.A.Machine.Write(stream, new byte[WireLimits.MaxStreamChunk + 1], pair.Now, new byte[Blake3.HashLength])).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Write_TakesNothing_WhenThereIsNoRoom_AndSaysWhenThereIs()
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        var taken = 0;
        while (pair.A.Machine.Write(stream, new byte[1000], pair.Now) is > 0 and var more)
            taken += more;
        taken.Should().BeInRange(16_000, (int)WireLimits.InitialWindow);
        pair.A.Log(stream).Writables.Should().Be(0);
        pair.A.Machine.Write(stream, [], pair.Now).Should().Be(0);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Log(stream).Writables.Should().Be(1);
        pair.B.Log(pair.B.Opened.Single()).Bytes.Should().HaveCount(taken);
        pair.A.Machine.Write(stream, new byte[100_000], pair.Now).Should().Be(WireLimits.MaxStreamChunk, "a chunk at a time");
        pair.A.Machine.Finish(stream, pair.Now);
        pair.A.Machine.Write(stream, [1], pair.Now).Should().Be(-1);
        pair.A.Machine.Finish(stream, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Log(pair.B.Opened.Single()).Finishes.Should().Be(1, "one end is enough");
    }

    [Fact]
    public void UnreadStream_StopsAtItsWindow_AndGoesOnWithTheCredit()
    {
        var pair = new SessionPair();
        pair.B.Consumes = false;
        var stream = pair.Open(pair.A);
        var data = Random(500_000, 3);
        pair.WriteAll(pair.A, stream, data.AsSpan(0, 90_000));
        pair.Advance(TimeSpan.FromSeconds(1));
        var log = pair.B.Log(pair.B.Opened.Single());
        log.Bytes.Should().HaveCountLessThanOrEqualTo(WireLimits.InitialStreamWindow).And.HaveCountGreaterThan(WireLimits.InitialStreamWindow / 2);
        pair.B.ConsumeHeld(pair.Now, 1);
        pair.Advance(TimeSpan.FromSeconds(1));
        log.Bytes.Should().HaveCountGreaterThan(WireLimits.InitialStreamWindow / 2 + 1);
        pair.B.Consumes = true;
        pair.B.ConsumeHeld(pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.WriteAll(pair.A, stream, data.AsSpan(90_000)).Should().BeTrue();
        pair.Advance(TimeSpan.FromSeconds(1));
        log.Bytes.Should().Equal(data);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reset_DropsWhatWasNotWritten_AndEndsTheDirection(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.B.Consumes = false;
        var stream = pair.Open(pair.A);
        pair.WriteAll(pair.A, stream, new byte[150_000]);
        var before = pair.B.Log(pair.B.Opened.Single()).Bytes.Count;
        pair.A.Machine.Reset(stream, 42, pair.Now);
        pair.A.Machine.Reset(stream, 43, pair.Now);
        pair.A.Machine.Finish(stream, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        var remote = pair.B.Opened.Single();
        pair.B.Log(remote).ResetCode.Should().Be(42);
        pair.B.Log(remote).Finishes.Should().Be(0);
        pair.B.Log(remote).Bytes.Should().HaveCount(before);
        pair.B.Consumes = true;
        pair.B.ConsumeHeld(pair.Now);

        // The other direction is as it was.
        pair.WriteAll(pair.B, remote, new byte[1000]).Should().BeTrue();
        pair.B.Machine.Finish(remote, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Log(stream).Bytes.Should().HaveCount(1000);
        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((0, 0));
        SessionLinksTests.Exchanges(pair);
        pair.A.Machine.Statistics.UnacknowledgedMessages.Should().Be(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reset_BeforeTheOpeningIsWritten_StillOpensAndEndsTheStream(bool stoppedToo)
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        pair.A.Machine.Write(stream, new byte[1000], pair.Now).Should().Be(1000);
        if (stoppedToo)
            pair.A.Machine.Stop(stream, 6, pair.Now);
        pair.A.Machine.Reset(stream, 5, pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        var remote = pair.B.Opened.Single();
        pair.B.Log(remote).ResetCode.Should().Be(5);
        pair.B.Log(remote).Bytes.Should().BeEmpty();
        pair.B.Log(remote).StopCode.Should().Be(stoppedToo ? 6 : null);
        SessionLinksTests.Exchanges(pair);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_DropsWhatStillComes_GivesItsCreditBack_AndResetsTheSender(bool signed)
    {
        var pair = new SessionPair(signed);
        var stream = pair.Open(pair.A);
        pair.Run();
        var remote = pair.B.Opened.Single();
        // Five windows' worth of streams, all stopped while their data is under way: none of it may cost credit for good.
        for (var i = 0; i < 20; i++)
        {
            while (pair.A.Machine.Write(stream, new byte[16 << 10], pair.Now) > 0)
            {
            }

            pair.Write(pair.A);
            pair.B.Machine.Stop(remote, 9, pair.Now);
            pair.B.Machine.Stop(remote, 10, pair.Now);
            pair.Advance(TimeSpan.FromSeconds(1));
            pair.A.Log(stream).StopCode.Should().Be(9);
            pair.B.Log(remote).ResetCode.Should().Be(9, "the sender answers with a reset");
            pair.B.Log(remote).Bytes.Should().BeEmpty();
            pair.A.Machine.Write(stream, [1], pair.Now).Should().Be(-1);
            pair.B.Machine.Finish(remote, pair.Now);
            stream = pair.Open(pair.A);
            pair.Advance(TimeSpan.FromSeconds(1));
            remote = pair.B.Opened[^1];
        }

        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((1, 1));
        pair.B.Held.Should().BeEmpty();
        pair.WriteAll(pair.A, stream, new byte[300_000]).Should().BeTrue();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Log(remote).Bytes.Should().HaveCount(300_000);
    }

    /// <summary>The remote finishes and stops at once: its stop may come when nothing is left of the stream here.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_ThatCrossesTheEndOfItsStream_IsHarmless(bool signed)
    {
        var pair = new SessionPair(signed);
        var stream = pair.Open(pair.A);
        pair.Run();
        var remote = pair.B.Opened.Single();
        pair.B.Machine.Finish(remote, pair.Now);
        pair.B.Machine.Stop(remote, 3, pair.Now);
        pair.A.Machine.Finish(stream, pair.Now);
        // B's answer waits while A's end arrives and is acknowledged.
        pair.PollOne(pair.A);
        pair.DeliverOne(pair.A);
        pair.Skip(TimeSpan.FromMilliseconds(30));
        pair.B.Machine.HandleTimeout(pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((0, 0));
        SessionLinksTests.Exchanges(pair);
    }

    /// <summary>A reset is never cut: with a few bytes of credit left it waits. It used to go out as a first fragment, which no remote takes.</summary>
    [Fact]
    public void Reset_WaitsForCredit_RatherThanBeingCut()
    {
        for (var left = 0; left < 300; left += left is > 240 and < 280 ? 1 : 20)
        {
            var pair = new SessionPair();
            pair.B.Consumes = false;
            var streams = Enumerable.Range(0, 6).Select(_ => pair.Open(pair.A)).ToList();
            Forth();
            // The other end says nothing: no credit comes back.
            var credit = WireLimits.InitialWindow - 6 * WireLimits.Cost(0);
            foreach (var stream in streams.Take(5))
            {
                for (var i = 0; i < 4 && credit > left + WireLimits.EntryOverhead; i++)
                {
                    var length = (int)Math.Min(15_000, credit - left - WireLimits.EntryOverhead);
                    pair.A.Machine.Write(stream, new byte[length], pair.Now).Should().Be(length);
                    credit -= WireLimits.Cost(length);
                    Forth();
                }
            }

            credit.Should().Be(left);
            pair.A.Machine.Reset(streams[5], 1, pair.Now);
            Forth();
            pair.B.Machine.IsClosed.Should().BeFalse("left={0}", left);
            pair.B.Log(pair.B.Opened[5]).ResetCode.Should().Be(left >= WireLimits.Cost(8) ? 1 : null, "left={0}", left);
            pair.B.ConsumeHeld(pair.Now);
            pair.B.Consumes = true;
            pair.Advance(TimeSpan.FromSeconds(1));
            pair.B.Log(pair.B.Opened[5]).ResetCode.Should().Be(1, "left={0}", left);

            void Forth()
            {
                while (pair.PollOne(pair.A))
                    pair.DeliverOne(pair.A);
            }
        }
    }

    [Fact]
    public void Streams_AreBounded_AndComeFreeAgain()
    {
        var pair = new SessionPair();
        var streams = Enumerable.Range(0, WireLimits.MaxStreams).Select(_ => pair.Open(pair.A)).ToList();
        pair.A.Machine.OpenStream("p", 1, pair.Now, out var result).Should().BeNull();
        result.Should().Be(SendResult.Full);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Machine.OpenStream("p", 1, pair.Now, out _).Should().BeNull("a stream counts until it is over");
        pair.Open(pair.B).Should().NotBeNull("each end has its own");
        pair.A.Machine.Finish(streams[7], pair.Now);
        pair.B.Machine.Finish(pair.B.Opened[7], pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Machine.OpenStream("p", 1, pair.Now, out result).Should().NotBeNull();
        result.Should().Be(SendResult.Queued);
        pair.A.Machine.OpenStream("bad\tname", 1, pair.Now, out result).Should().BeNull();
        result.Should().Be(SendResult.Full);
    }

    [Fact]
    public void OpenStream_SaysWhyNot()
    {
        var pair = new SessionPair();
        pair.A.Machine.OpenStream("bad\tname", 1, pair.Now, out var result).Should().BeNull();
        result.Should().Be(SendResult.InvalidProtocol);
        pair.A.Machine.Invoking(m => m.OpenStream("p", 4, pair.Now, out _)).Should().Throw<ArgumentOutOfRangeException>();
        pair.A.Machine.Statistics.Streams.Should().Be(0);
        pair.A.Machine.Close(GoodbyeCode.Normal, "");
        pair.A.Machine.OpenStream("p", 1, pair.Now, out result).Should().BeNull();
        result.Should().Be(SendResult.Closed);
    }

    [Fact]
    public void ManyShortStreams_LeaveNothingBehind()
    {
        var pair = new SessionPair();
        for (var i = 0; i < 1000; i++)
        {
            var stream = pair.Open(pair.A);
            pair.A.Machine.Write(stream, new byte[100], pair.Now).Should().Be(100);
            pair.A.Machine.Finish(stream, pair.Now);
            pair.Run();
            pair.B.Machine.Finish(pair.B.Opened[^1], pair.Now);
            pair.Advance(TimeSpan.FromMilliseconds(30));
            pair.B.Events.RemoveAll(e => e.Kind == SessionEventKind.StreamOpened);
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((0, 0));
        pair.A.Machine.HeldBytes.Should().Be(0);
        pair.B.Machine.HeldBytes.Should().Be(0);
    }

    private static byte[] Random(int length, ulong seed)
    {
        var bytes = new byte[length];
        new DeterministicRandom(seed).Fill(bytes);
        return bytes;
    }
}
