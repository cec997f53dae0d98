using System.Text;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SessionMachineTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Messages_ArriveOnceAndInOrder_AndAreAcknowledged(bool signed)
    {
        var pair = new SessionPair(signed);
        for (var i = 1; i <= 3000; i++)
        {
            pair.Send(pair.A, BitConverter.GetBytes(i), i).Should().Be(SendResult.Queued);
            if (i % 1000 == 0)
                pair.Advance(TimeSpan.FromMilliseconds(30));
        }

        pair.B.Messages.Select(m => BitConverter.ToInt32(m.Payload)).Should().Equal(Enumerable.Range(1, 3000));
        pair.B.Messages.Select(m => m.Number).Should().Equal(Enumerable.Range(1, 3000).Select(i => (ulong)i));
        pair.B.Messages.Should().OnlyContain(m => m.Protocol == SessionPair.Protocol);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(Enumerable.Range(1, 3000).Select(i => (long)i));
        pair.A.Machine.Statistics.UnacknowledgedMessages.Should().Be(0);
        // As many as the first window admits, thrice.
        pair.A.Machine.Statistics.BatchesSigned.Should().Be(signed ? 3 : 0);
        pair.B.Machine.Statistics.BatchesVerified.Should().Be(signed ? 3 : 0);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(1200)]
    [InlineData(65535 - 64)]
    public void LongestMessage_IsFragmentedAndWhole_AtAnyRecordLength(int recordLength)
    {
        var pair = new SessionPair { RecordLength = recordLength };
        var payload = new byte[WireLimits.MaxMessageLength];
        new DeterministicRandom(7).Fill(payload);
        pair.Send(pair.A, payload, 1).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.Send(pair.A, [], 2).Should().Be(SendResult.Queued);
        pair.Send(pair.A, [1], 3).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromSeconds(1));

        pair.B.Messages.Select(m => m.Payload.Length).Should().Equal(payload.Length, 0, 1);
        pair.B.Messages.First().Payload.AsSpan().SequenceEqual(payload).Should().BeTrue();
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void OversizedMessage_IsRefused_BeforeAnythingIsQueued()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[WireLimits.MaxMessageLength + 1], 1).Should().Be(SendResult.TooLarge);
        pair.Run();
        pair.A.Machine.Statistics.MessagesSent.Should().Be(0);
        pair.A.Events.Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\there")]
    [InlineData("ümlaut")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void InvalidProtocolName_IsRefused(string name)
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], protocol: name).Should().Be(SendResult.InvalidProtocol);
        pair.Send(pair.A, [1], protocol: new string('~', 64)).Should().Be(SendResult.Queued);
    }

    [Fact]
    public void Priorities_GoFirst_AndKeepTheirOwnOrder()
    {
        var pair = new SessionPair();
        for (byte i = 0; i < 20; i++)
            pair.Send(pair.A, [i], priority: (byte)(3 - i % 4));
        pair.Run();

        pair.B.Messages.Select(m => m.Priority).Should().BeInAscendingOrder();
        foreach (var group in pair.B.Messages.GroupBy(m => m.Priority))
            group.Select(m => m.Payload[0]).Should().BeInAscendingOrder().And.HaveCount(5);
    }

    [Fact]
    public void WhatIsLentToARecord_StaysAsItIs_ThoughItIsAcknowledgedMeanwhile()
    {
        var pair = new SessionPair();
        pair.Run();
        var payload = new byte[8_000];
        new DeterministicRandom(9).Fill(payload);
        var lent = new LentPayloads();
        var record = new byte[pair.RecordLength];
        pair.Send(pair.A, payload, 1).Should().Be(SendResult.Queued);

        var length = pair.A.Machine.PollRecord(pair.A.Newest.Handle, record, pair.Now, pair.UnixMilliseconds, lent);
        lent.Runs.ToArray().Should().ContainSingle().Which.Length.Should().Be(payload.Length);
        record.AsSpan(lent.Runs[0].Offset, payload.Length).ContainsAnyExcept((byte)0).Should().BeFalse("the record has a gap there");
        lent.CopyTo(record);
        pair.A.Newest.Outbox.Enqueue((record[..length], pair.Now));
        pair.Advance(TimeSpan.FromSeconds(1));

        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.Send(pair.A, new byte[8_000], 2).Should().Be(SendResult.Queued);
        lent.Runs[0].Bytes.SequenceEqual(payload).Should().BeTrue("the record may still be being sealed");
        pair.A.Machine.TakeBack(lent);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Machine.HeldBytes.Should().Be(0);
    }

    [Fact]
    public void Send_IsFull_UntilAcknowledgementsMakeRoom()
    {
        var pair = new SessionPair();
        var sent = 0;
        while (pair.Send(pair.A, new byte[10_000], sent + 1) == SendResult.Queued)
            sent++;
        sent.Should().Be((int)(WireLimits.InitialWindow / WireLimits.Cost(10_000)));
        pair.A.Of(SessionEventKind.Writable).Should().BeEmpty();

        pair.Advance(TimeSpan.FromMilliseconds(25));

        pair.A.Of(SessionEventKind.Writable).Should().HaveCount(1);
        pair.Send(pair.A, new byte[10_000]).Should().Be(SendResult.Queued);
    }

    [Fact]
    public void OneMessage_IsAlwaysAdmitted_WhenNothingIsHeld()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[500_000]).Should().Be(SendResult.Queued);
        pair.Send(pair.A, new byte[200_000]).Should().Be(SendResult.Full);
        pair.Advance(TimeSpan.FromMilliseconds(25));
        pair.B.Messages.Should().HaveCount(1);
        pair.A.Of(SessionEventKind.Writable).Should().HaveCount(1);
        pair.Send(pair.A, new byte[500_000]).Should().Be(SendResult.Queued);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ReceiverThatNeverReads_HoldsOneWindow_AndGetsTheRestOnceItReads(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.B.Consumes = false;
        const int Length = 100_000, Total = 100;
        var sent = SendAll(pair, 0, Total, Length);

        var held = pair.B.Messages.Sum(m => WireLimits.Cost(m.Payload.Length));
        held.Should().BeLessThanOrEqualTo(WireLimits.InitialWindow + WireLimits.Cost(Length), "a window, and what was begun before it was full");
        pair.B.Messages.Should().HaveCountGreaterThan(1, "what was sent is signed although more is queued, or nobody could ever read it");
        sent.Should().BeLessThan(Total);

        pair.B.ConsumeHeld(pair.Now);
        pair.B.Consumes = true;
        SendAll(pair, sent, Total, Length).Should().Be(Total);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(Total);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(Enumerable.Range(1, Total).Select(i => (long)i));
    }

    [Fact]
    public void Consumed_OfMoreThanWasDelivered_IsTheCallersBug()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1, 2, 3]);
        pair.Run();
        pair.B.Machine.Invoking(m => m.MessageConsumed(PayloadLease.Empty, pair.Now)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Acknowledgement_WaitsTwentyFiveMilliseconds_AndRidesAlongWithData()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.Run();
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().BeEmpty();
        pair.B.Machine.PollTimeout().Should().Be(pair.Now + TimeSpan.FromMilliseconds(25));
        pair.Advance(TimeSpan.FromMilliseconds(24));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().BeEmpty();
        pair.Advance(TimeSpan.FromMilliseconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);

        pair.Send(pair.A, [2], 2);
        pair.Run();
        pair.Send(pair.B, [3]);
        pair.Run();
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1, 2);
    }

    [Fact]
    public void Heartbeat_PingsAfterTwentySeconds_AndMeasuresTheRoundTrip()
    {
        var pair = new SessionPair();
        pair.A.Newest.Link.Delay = TimeSpan.Zero;
        pair.Skip(TimeSpan.FromSeconds(20));
        pair.A.Machine.HandleTimeout(pair.Now);
        pair.PollOne(pair.A).Should().BeTrue();
        pair.Skip(TimeSpan.FromMilliseconds(30));
        pair.DeliverOne(pair.A);
        pair.PollOne(pair.B).Should().BeTrue();
        pair.Skip(TimeSpan.FromMilliseconds(20));
        pair.DeliverOne(pair.B);
        pair.A.Machine.Statistics.SmoothedRtt.Should().Be(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Heartbeats_KeepAnIdleSessionAlive()
    {
        var pair = new SessionPair();
        pair.Advance(TimeSpan.FromHours(1));
        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.B.Machine.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void Silence_EndsTheSession_AfterTwoMinutes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 5);
        pair.PollOne(pair.A);
        pair.Send(pair.A, [2], 6);
        for (var i = 0; i < 119; i++)
        {
            pair.Skip(TimeSpan.FromSeconds(1));
            pair.A.Machine.HandleTimeout(pair.Now);
        }

        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.Skip(TimeSpan.FromSeconds(1));
        pair.A.Machine.HandleTimeout(pair.Now);
        pair.A.DrainEvents(pair.Now);
        pair.A.Machine.IsClosed.Should().BeTrue();
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.IdleTimeout);
        pair.A.Tokens(SessionEventKind.OutcomeUnknown).Should().Equal(5);
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(6);
        pair.A.Events[^1].Kind.Should().Be(SessionEventKind.Closed);
        pair.A.Machine.PollTimeout().Should().BeNull();
    }

    [Fact]
    public void Close_FlushesAndConfirms_BeforeItSaysGoodbye()
    {
        var pair = new SessionPair();
        for (var i = 1; i <= 20; i++)
            pair.Send(pair.A, new byte[10_000], i).Should().Be(SendResult.Queued);
        pair.A.Machine.Close(GoodbyeCode.Normal, "done");
        pair.Send(pair.A, [1]).Should().Be(SendResult.Closed);

        pair.Advance(TimeSpan.FromSeconds(1));

        pair.B.Messages.Should().HaveCount(20);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().HaveCount(20);
        pair.A.Closed.Event.Should().Be(new SessionEvent(SessionEventKind.Closed, Code: (int)GoodbyeCode.Normal, Reason: "done"));
        pair.B.Closed.Event.Should().Be(new SessionEvent(SessionEventKind.Closed, Code: (int)GoodbyeCode.Normal, Reason: "done", ByRemote: true));
        pair.A.Machine.IsClosed.Should().BeTrue();
        pair.B.Machine.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Close_OfBothEndsAtOnce_ConfirmsEverything()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.B, [2], 2);
        pair.A.Machine.Close(GoodbyeCode.Normal, "a");
        pair.B.Machine.Close(GoodbyeCode.GoingAway, "b");
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.B.Tokens(SessionEventKind.Acknowledged).Should().Equal(2);
        pair.A.Machine.IsClosed.Should().BeTrue();
        pair.B.Machine.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Abort_EndsAtOnce_AndTellsEveryOutcome()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.PollOne(pair.A);
        pair.Send(pair.A, [2], 2);
        pair.A.Machine.Abort(GoodbyeCode.GoingAway, "stop");
        pair.Run();
        pair.A.Tokens(SessionEventKind.OutcomeUnknown).Should().Equal(1);
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(2);
        pair.B.Closed.Code.Should().Be((int)GoodbyeCode.GoingAway);
        pair.B.Messages.Should().HaveCount(1);
        pair.PollOne(pair.A).Should().BeFalse("one goodbye is enough");
    }

    [Fact]
    public void GoodbyeReason_IsCutAtACharacter_AndCleaned()
    {
        var pair = new SessionPair();
        pair.A.Machine.Abort(GoodbyeCode.Normal, "\u001b[31m\u202e" + new string('€', 200));
        pair.Run();
        var reason = pair.B.Closed.Reason!;
        reason.Should().StartWith("?[31m?€").And.EndWith("€");
        Encoding.UTF8.GetByteCount(reason).Should().BeLessThanOrEqualTo(WireLimits.MaxReasonLength);
    }

    [Fact]
    public void Refusal_IsTheOutcome_InsteadOfTheAcknowledgement()
    {
        var pair = new SessionPair();
        pair.B.RefusedProtocol = "nobody";
        pair.Send(pair.A, [1], 1);
        pair.Send(pair.A, [2], 2, protocol: "nobody");
        pair.Send(pair.A, [3], 3);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1, 3);
        pair.A.Of(SessionEventKind.Refused).Single().Event.Should().Be(new SessionEvent(SessionEventKind.Refused, Token: 2, Code: (int)RefuseCode.UnknownProtocol));
    }

    [Fact]
    public void Refusal_SurvivesTheLossOfItsLink()
    {
        var pair = new SessionPair();
        pair.B.RefusedProtocol = SessionPair.Protocol;
        pair.Send(pair.A, [1], 1);
        pair.PollOne(pair.A);
        pair.DeliverOne(pair.A);
        pair.PollOne(pair.B).Should().BeTrue();
        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Refused).Should().Equal(1);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().BeEmpty();
    }

    [Fact]
    public void LowPriority_IsDroppedAndReported_WhenItWaitsTooLong()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [0], 1, priority: 0);
        pair.Send(pair.A, [2], 2, priority: 2);
        pair.Skip(TimeSpan.FromSeconds(30));
        pair.Send(pair.A, [3], 3, priority: 3);
        pair.Skip(TimeSpan.FromSeconds(30));
        pair.A.Machine.HandleTimeout(pair.Now);
        pair.A.DrainEvents(pair.Now);
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(2);
        pair.A.Of(SessionEventKind.Dropped).Should().ContainSingle("whoever did not ask for an outcome is told in the log").Which.Event.Code.Should().Be(1);
        pair.A.Machine.Statistics.MessagesDropped.Should().Be(1);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Select(m => m.Payload[0]).Should().Equal(0, 3);
    }

    [Fact]
    public void Poll_OfATooSmallBuffer_IsTheCallersBug()
    {
        var pair = new SessionPair();
        pair.A.Machine.Invoking(m => m.PollRecord(pair.A.Newest.Handle, new byte[WireLimits.MinRecordLength - 1], pair.Now, 0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    /// <summary>Sends until the total is reached or there has been no room for ten seconds; tells how many are sent in all.</summary>
    private static int SendAll(SessionPair pair, int sent, int total, int length)
    {
        for (var idle = 0; sent < total && idle < 10;)
        {
            if (pair.Send(pair.A, new byte[length], sent + 1) == SendResult.Queued)
            {
                sent++;
                idle = 0;
                continue;
            }

            pair.Advance(TimeSpan.FromSeconds(1));
            idle++;
        }

        return sent;
    }
}
