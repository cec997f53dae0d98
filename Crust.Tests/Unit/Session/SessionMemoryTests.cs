using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Windows, budgets and what payloads hold: they grow with what the path can use, and go back.</summary>
public class SessionMemoryTests
{
    [Fact]
    public void Windows_Grow_WhenTheyAreWhatHoldsTheSenderBack()
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory, TimeSpan.FromMilliseconds(50));
        Pump(pair, 32 << 20).Should().BeTrue();
        pair.B.Machine.Statistics.ReceiveWindow.Should().BeGreaterThan(8 << 20, "a longer path takes more under way");
        pair.A.Machine.Statistics.SendBudget.Should().BeGreaterThan(8 << 20);
        memory.Used.Should().Be(Growth(pair.A) + Growth(pair.B));
    }

    [Fact]
    public void Window_StaysSmall_WhenTheApplicationIsSlow()
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory, TimeSpan.FromMilliseconds(50));
        pair.B.Consumes = false;
        for (var i = 0; i < 300; i++)
        {
            pair.Send(pair.A, new byte[10_000]);
            pair.Advance(TimeSpan.FromMilliseconds(100));
            pair.B.ConsumeHeld(pair.Now);
        }

        pair.B.Messages.Should().HaveCountGreaterThan(250);
        pair.B.Machine.Statistics.ReceiveWindow.Should().Be(WireLimits.InitialWindow * 2, "nothing was held back by it");
    }

    [Fact]
    public void SessionWithoutMoreMemory_StaysAtItsFirstWindow_AndGetsOn()
    {
        var memory = new MemoryBudget(1000);
        var pair = Pair(memory, TimeSpan.FromMilliseconds(10));
        Pump(pair, 4 << 20).Should().BeTrue();
        var stream = pair.Open(pair.A);
        WriteSlowly(pair, stream, new byte[1 << 20]);
        pair.B.Log(pair.B.Opened.Single()).Bytes.Should().HaveCount(1 << 20);
        (pair.B.Machine.Statistics.ReceiveWindow, pair.A.Machine.Statistics.SendBudget).Should().Be((WireLimits.InitialWindow * 2, WireLimits.InitialWindow * 2));
        memory.Used.Should().Be(0);
        pair.Send(pair.A, new byte[WireLimits.MaxMessageLength], 5).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromSeconds(5));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Contain(5);
    }

    [Fact]
    public void IdleSession_GivesItsSendBudgetBack_AndHoldsNoPayload()
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory, TimeSpan.FromMilliseconds(50));
        Pump(pair, 32 << 20).Should().BeTrue();
        Growth(pair.A).Should().BeGreaterThan(0);
        pair.Advance(TimeSpan.FromSeconds(30));
        pair.A.Machine.Statistics.SendBudget.Should().Be(WireLimits.InitialWindow * 2);
        (pair.A.Machine.HeldBytes, pair.B.Machine.HeldBytes).Should().Be((0, 0));
        memory.Used.Should().Be(0);
        Pump(pair, 32 << 20).Should().BeTrue("it grows again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EndOfASession_GivesEverythingBack(bool inTheMiddle)
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = Pair(memory, TimeSpan.FromMilliseconds(50));
        Pump(pair, 16 << 20).Should().BeTrue();
        var stream = pair.Open(pair.A);
        WriteSlowly(pair, stream, new byte[4 << 20]);
        memory.Used.Should().BeGreaterThan(0);
        if (inTheMiddle)
        {
            pair.B.Consumes = false;
            pair.Send(pair.A, new byte[100_000]);
            pair.A.Machine.Write(stream, new byte[20_000], pair.Now);
            pair.Advance(TimeSpan.FromMilliseconds(60));
        }

        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Machine.IsClosed.Should().BeTrue();
        memory.Used.Should().Be(0);
        // What the application still has, it may return later.
        pair.B.ConsumeHeld(pair.Now);
        memory.Used.Should().Be(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PeerThatNeverReads_CostsABoundedSender(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.B.Consumes = false;
        var streams = Enumerable.Range(0, 20).Select(_ => pair.Open(pair.A)).ToList();
        for (var i = 0; i < 3000; i++)
        {
            pair.Send(pair.A, new byte[2000], 0, (byte)(i % 4));
            pair.A.Machine.Write(streams[i % streams.Count], new byte[2000], pair.Now);
            if (i % 100 == 0)
                pair.Advance(TimeSpan.FromSeconds(1));
        }

        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.A.Machine.HeldBytes.Should().BeLessThan(8 * WireLimits.InitialWindow);
        pair.B.Machine.HeldBytes.Should().BeLessThan(6 * WireLimits.InitialWindow);
        pair.B.Held.Sum(h => WireLimits.Cost(h.Payload.Length)).Should().BeLessThanOrEqualTo(2 * WireLimits.InitialWindow + 2 * WireLimits.Cost(WireLimits.MaxStreamChunk));
    }

    [Fact]
    public void AnnouncedLength_CostsNothing_BeforeTheBytesArrive()
    {
        var pair = new SessionPair();
        var begins = new RecordBuilder().Protocol(1, "p");
        for (byte lane = 0; lane < WireLimits.PriorityCount; lane++)
            begins.Begin([1], WireLimits.MaxMessageLength, priority: lane);
        pair.Handle(pair.A, begins.Record).Should().BeTrue();
        pair.A.Machine.HeldBytes.Should().BeLessThanOrEqualTo(WireLimits.PriorityCount * (64 << 10));
    }

    [Fact]
    public void ReceiverOfUnverifiedMessages_HoldsNoMoreThanItsWindow()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Record).Should().BeTrue();
        ulong number = 1;
        while (pair.Handle(pair.A, new RecordBuilder().Message(number++, new byte[4000]).Record))
        {
            pair.Write(pair.A);
            pair.A.Machine.HeldBytes.Should().BeLessThan(3 * WireLimits.InitialWindow);
        }

        number.Should().Be((ulong)(WireLimits.InitialWindow / WireLimits.Cost(4000)) + 2);
    }

    /// <summary>One entry that was begun and never ended lifted every bound: credit stayed ahead by what it lacked, whatever came meanwhile and was not read.</summary>
    [Fact]
    public void OneHalfSentEntry_DoesNotLiftTheWindow()
    {
        var memory = new MemoryBudget(1 << 30);
        var pair = new SessionPair(signed: false, new SessionLimits { Memory = memory });
        pair.A.Consumes = false;
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Begin(new byte[1], WireLimits.MaxMessageLength, priority: 3).Record).Should().BeTrue();
        var (taken, message) = (0L, new byte[30_000]);
        for (ulong number = 1; taken < 100 << 20; number++)
        {
            pair.Write(pair.A);
            if (!pair.Handle(pair.A, new RecordBuilder().Message(number, message).Record))
                break;
            taken += WireLimits.Cost(message.Length);
            pair.A.Machine.BeyondWindows.Should().Be(memory.Used);
        }

        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation, "it had no credit for the last one");
        taken.Should().BeInRange(WireLimits.InitialWindow + WireLimits.MaxMessageLength - message.Length, WireLimits.InitialWindow + (WireLimits.PriorityCount * WireLimits.Cost(WireLimits.MaxMessageLength)));
        memory.Used.Should().Be(0);
    }

    /// <summary>However full the window is with what nobody reads: what was begun in every priority can end, and counts against the memory until it is read.</summary>
    [Fact]
    public void EntriesBegunInEveryPriority_EndAlthoughTheWindowIsFull()
    {
        var memory = new MemoryBudget(0);
        var pair = new SessionPair(signed: false, new SessionLimits { Memory = memory });
        pair.A.Consumes = false;
        void Take(RecordBuilder record)
        {
            pair.Handle(pair.A, record.Record).Should().BeTrue();
            pair.Write(pair.A);
        }

        Take(new RecordBuilder().Protocol(1, "p"));
        var number = 0UL;
        while (number < 8)
            Take(new RecordBuilder().Message(++number, new byte[30_000]));
        for (byte lane = 0; lane < WireLimits.PriorityCount; lane++)
            Take(new RecordBuilder().Begin(new byte[1000], WireLimits.MaxMessageLength, priority: lane));
        for (byte lane = 0; lane < WireLimits.PriorityCount; lane++)
        {
            for (var sent = 1000; sent < WireLimits.MaxMessageLength - 60_000; sent += 60_000)
                Take(new RecordBuilder().More(new byte[60_000], lane));
            Take(new RecordBuilder().End(++number, new byte[(WireLimits.MaxMessageLength - 1000) % 60_000 is var rest && rest == 0 ? 60_000 : rest], lane));
        }

        pair.A.Messages.Should().HaveCount(12);
        memory.Used.Should().Be(pair.A.Machine.BeyondWindows).And.BeGreaterThan(3 * WireLimits.MaxMessageLength);
        while (pair.A.Held.TryDequeue(out var held))
            pair.A.Machine.MessageConsumed(held.Payload, pair.Now);
        memory.Used.Should().Be(0);
    }

    private static SessionPair Pair(MemoryBudget memory, TimeSpan delay)
    {
        var pair = new SessionPair(limits: new SessionLimits { Memory = memory });
        pair.A.Newest.Link.Delay = delay;
        pair.RecordLength = 60_000;
        pair.A.Machine.RequestPing();
        pair.B.Machine.RequestPing();
        pair.Advance(TimeSpan.FromSeconds(1));
        return pair;
    }

    private static long Growth(SessionEnd end) => end.Machine.Statistics.SendBudget + end.Machine.Statistics.ReceiveWindow - 4 * WireLimits.InitialWindow;

    /// <summary>Sends as fast as it goes; false when it does not get on.</summary>
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
        pair.B.Events.Clear();
        return bytes <= 0;
    }

    private static void WriteSlowly(SessionPair pair, Crust.Session.Streams.SessionStream stream, byte[] bytes)
    {
        for (var (written, idle) = (0, 0); written < bytes.Length && idle < 1000; idle++)
        {
            while (written < bytes.Length && pair.A.Machine.Write(stream, bytes.AsSpan(written), pair.Now) is > 0 and var taken)
                (written, idle) = (written + taken, 0);
            pair.Advance(TimeSpan.FromMilliseconds(5));
        }

        pair.Advance(TimeSpan.FromSeconds(2));
    }
}
