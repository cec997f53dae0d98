using Crust.Session;
using Crust.Session.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Credit that an idle sender gives back, so that the receiver's process has its memory again.</summary>
public class CreditReturnTests
{
    private const long Initial = WireLimits.InitialWindow;

    [Fact]
    public void Sender_GivesBack_WhatANewSessionWouldNotHave()
    {
        var credit = new SendCredit();
        credit.TryReturnSurplus().Should().BeFalse();
        credit.TryRaise(Initial * 5).Should().BeTrue();
        credit.Spend(Initial);
        credit.TryReturnSurplus().Should().BeTrue();
        (credit.Available, credit.Returned).Should().Be((Initial, Initial * 3));
        credit.TryReturnSurplus().Should().BeFalse("once");
        credit.TryRaise(Initial * 6).Should().BeTrue();
        credit.Available.Should().Be(Initial * 2);
    }

    [Fact]
    public void IdleSession_HoldsNothingOfTheProcessesMemory()
    {
        // Announced credit could not be taken back: a window that had grown kept its memory until the session ended.
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory);
        Pump(pair, 32 << 20).Should().BeTrue();
        pair.B.Machine.Statistics.ReceiveWindow.Should().BeGreaterThan(Initial * 8);
        memory.Used.Should().BeGreaterThan(Initial * 8);

        pair.Advance(TimeSpan.FromSeconds(30));

        memory.Used.Should().Be(0);
        (pair.B.Machine.Statistics.ReceiveWindow, pair.A.Machine.Statistics.SendBudget).Should().Be((Initial * 2, Initial * 2));
        Pump(pair, 32 << 20).Should().BeTrue("it grows again");
        pair.B.Machine.Statistics.ReceiveWindow.Should().BeGreaterThan(Initial * 8);
    }

    [Fact]
    public void IdleStreams_HoldNothing_WhileTheyStayOpen()
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory);
        var stream = pair.Open(pair.A);
        Write(pair, stream, 16 << 20);
        memory.Used.Should().BeGreaterThan(0);
        pair.Advance(TimeSpan.FromSeconds(30));
        memory.Used.Should().Be(0);
        Write(pair, stream, 16 << 20);
        pair.B.Log(pair.B.Opened.Single()).Bytes.Should().HaveCount(32 << 20);
        (pair.A.Machine.IsClosed, pair.B.Machine.IsClosed).Should().Be((false, false));
    }

    [Fact]
    public void FewFastPeers_LeaveRoom_ForOthersToGrow()
    {
        var memory = new MemoryBudget(128 << 20);
        var fast = Enumerable.Range(0, 3).Select(_ => Pair(memory)).ToList();
        foreach (var pair in fast)
            Pump(pair, 32 << 20).Should().BeTrue();
        memory.Used.Should().BeInRange(1, memory.Limit);

        var late = Pair(memory);
        Pump(late, 32 << 20).Should().BeTrue();
        late.B.Machine.Statistics.ReceiveWindow.Should().BeGreaterThan(Initial * 2, "nobody takes the last of it");

        foreach (var pair in fast)
            pair.Advance(TimeSpan.FromSeconds(30));
        memory.Used.Should().Be(Growth(late.A) + Growth(late.B), "who is idle holds nothing");
        Pump(late, 64 << 20).Should().BeTrue();
        late.B.Machine.Statistics.ReceiveWindow.Should().BeGreaterThan(Initial * 8);
        memory.Used.Should().BeLessThanOrEqualTo(memory.Limit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReturnThatIsLostWithItsLink_IsSaidAgain_AndBothEndsAgree(bool arrives)
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory);
        Pump(pair, 16 << 20).Should().BeTrue();
        // It is idle at A, which writes what it gives back.
        while (pair.A.Newest.Outbox.Count == 0)
        {
            pair.Skip(TimeSpan.FromSeconds(1));
            pair.Timeout();
            pair.PollOne(pair.A);
        }

        if (arrives)
            pair.DeliverOne(pair.A);
        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        memory.Used.Should().Be(0);
        for (var i = 0; i < 3; i++)
        {
            Pump(pair, 16 << 20).Should().BeTrue("neither end believes in credit that the other does not");
            pair.ChangeLink();
            pair.Advance(TimeSpan.FromSeconds(30));
            (pair.A.Machine.IsClosed, pair.B.Machine.IsClosed).Should().Be((false, false));
            memory.Used.Should().Be(0);
        }
    }

    [Theory]
    [InlineData((ulong)Initial + 1, 0)]
    [InlineData(0, (ulong)Initial + 1)]
    [InlineData((1UL << 62) - 1, 0)]
    public void MoreThanTheRemoteHas_IsAViolation(ulong messages, ulong streams)
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().CreditReturn(messages, streams).Record).Should().BeFalse();
        pair.A.Machine.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Returned_NeverFalls_AndRepeatingItChangesNothing()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().CreditReturn(1000, 10).CreditReturn(1000, 10).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().CreditReturn(1000, 20).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().CreditReturn(999, 20).Record).Should().BeFalse();
    }

    [Fact]
    public void RemoteThatReturnsWhatItNeeds_HurtsItselfAlone()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().CreditReturn((ulong)Initial, (ulong)Initial).Record).Should().BeTrue();
        pair.PollOne(pair.A).Should().BeTrue("more is granted at once");
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Message(1, new byte[100]).Record).Should().BeTrue();
        pair.A.Machine.HeldBytes.Should().BeLessThan(Initial);
    }

    private static SessionPair Pair(MemoryBudget memory)
    {
        var pair = new SessionPair(limits: new SessionLimits { Memory = memory });
        pair.A.Newest.Link.Delay = TimeSpan.FromMilliseconds(50);
        pair.RecordLength = 60_000;
        pair.A.Machine.RequestPing();
        pair.B.Machine.RequestPing();
        pair.Advance(TimeSpan.FromSeconds(1));
        return pair;
    }

    private static long Growth(SessionEnd end) => end.Machine.Statistics.SendBudget + end.Machine.Statistics.ReceiveWindow - 4 * Initial;

    private static bool Pump(SessionPair pair, long bytes)
    {
        var payload = new byte[50_000];
        for (var idle = 0; bytes > 0 && idle < 1000;)
        {
            if (pair.Send(pair.A, payload) == SendResult.Queued)
            {
                bytes -= payload.Length;
                idle = 0;
                continue;
            }

            pair.Advance(TimeSpan.FromMilliseconds(5));
            idle++;
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Events.Clear();
        pair.B.Events.Clear();
        return bytes <= 0;
    }

    private static void Write(SessionPair pair, Crust.Session.Streams.SessionStream stream, int length)
    {
        var bytes = new byte[length];
        for (var (written, idle) = (0, 0); written < length && idle < 1000; idle++)
        {
            while (written < length && pair.A.Machine.Write(stream, bytes.AsSpan(written), pair.Now) is > 0 and var taken)
                (written, idle) = (written + taken, 0);
            pair.Advance(TimeSpan.FromMilliseconds(5));
        }

        pair.Advance(TimeSpan.FromSeconds(1));
    }
}
