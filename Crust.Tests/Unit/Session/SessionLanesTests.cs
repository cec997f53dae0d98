using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>What goes first, what steps in between, and what waits for nobody.</summary>
public class SessionLanesTests
{
    [Theory]
    [InlineData(true, WireLimits.MaxMessageLength)]
    [InlineData(false, WireLimits.MaxMessageLength)]
    [InlineData(true, 240_000)]
    public void UrgentMessage_StepsInBetweenTheFragmentsOfAnother_AndIsDeliveredFirst(bool signed, int length)
    {
        var pair = new SessionPair(signed);
        var large = Random(length);
        pair.Send(pair.A, large, 1, priority: 3).Should().Be(SendResult.Queued);
        Turns(pair, 5);
        pair.A.Machine.Statistics.MessagesSent.Should().Be(0, "it has no number before its last byte");

        pair.Send(pair.A, [7], 2, priority: 0).Should().Be(SendResult.Queued, "what is under way leaves room for more");
        Turns(pair, 3);
        pair.B.Messages.Select(m => m.Payload[0]).Should().Equal([7], "it waits neither for what was begun before it nor for that one's signature");
        pair.B.Messages.Single().Number.Should().Be(1);
        pair.A.Machine.Statistics.MessagesSent.Should().Be(1);

        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(2);
        pair.B.Messages.Last().Payload.AsSpan().SequenceEqual(large).Should().BeTrue();
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(2, 1);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void FourLanes_AreBegunAtOnce_AndEndByPriority(bool signed, bool cut)
    {
        var pair = new SessionPair(signed);
        var payloads = Enumerable.Range(0, 4).Select(i => Random(50_000 + i, (ulong)i)).ToArray();
        for (var priority = 3; priority >= 0; priority--)
        {
            pair.Send(pair.A, payloads[priority], priority + 1, (byte)priority).Should().Be(SendResult.Queued);
            pair.PollOne(pair.A).Should().BeTrue();
            pair.DeliverOne(pair.A).Should().BeTrue();
        }

        pair.A.Machine.Statistics.MessagesSent.Should().Be(0, "all four are begun and none is whole");
        pair.A.Machine.Statistics.QueuedMessages.Should().Be(0);
        if (cut)
            pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Select(m => (int)m.Priority).Should().Equal(0, 1, 2, 3);
        foreach (var message in pair.B.Messages)
            message.Payload.AsSpan().SequenceEqual(payloads[message.Priority]).Should().BeTrue();
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1, 2, 3, 4);
    }

    [Fact]
    public void Order_HoldsWithinProtocolAndPriority_WhateverTheLengths()
    {
        var random = new DeterministicRandom(5);
        var pair = new SessionPair { RecordLength = 2000 };
        var sent = new Dictionary<(string, byte), List<int>>();
        for (var i = 0; i < 600; i++)
        {
            var (protocol, priority) = ($"p{random.Next(3)}", (byte)random.Next(4));
            var payload = new byte[4 + (random.Chance(0.2) ? random.Next(20_000) : random.Next(100))];
            BitConverter.TryWriteBytes(payload, i).Should().BeTrue();
            if (pair.Send(pair.A, payload, 0, priority, protocol) == SendResult.Queued)
                (sent.TryGetValue((protocol, priority), out var list) ? list : sent[(protocol, priority)] = []).Add(i);
            Turns(pair, random.Next(4));
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        var received = pair.B.Messages.GroupBy(m => (m.Protocol!, m.Priority)).ToDictionary(g => g.Key, g => g.Select(m => BitConverter.ToInt32(m.Payload)));
        received.Keys.Should().BeEquivalentTo(sent.Keys);
        foreach (var (key, list) in sent)
            received[key].Should().Equal(list);
    }

    [Fact]
    public void LowerPriority_DoesNotBegin_WhileAHigherOneWaits()
    {
        var pair = new SessionPair { RecordLength = 1000 };
        for (var i = 0; i < 20; i++)
            pair.Send(pair.A, new byte[2000], 0, 2);
        for (var i = 0; i < 20; i++)
            pair.Send(pair.A, new byte[2000], 0, 1);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Select(m => (int)m.Priority).Should().Equal([.. Enumerable.Repeat(1, 20), .. Enumerable.Repeat(2, 20)]);
    }

    [Fact]
    public void BegunMessage_IsNeverDropped_HoweverLongItTakes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, Random(100_000), 1, priority: 3);
        pair.Send(pair.A, [1], 2, priority: 3);
        pair.PollOne(pair.A);
        pair.DeliverOne(pair.A);
        pair.Lose(pair.A.Newest.Link);
        pair.Advance(TimeSpan.FromSeconds(60));
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(2);
        pair.AddPromised();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Single().Payload.Should().HaveCount(100_000);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
    }

    [Fact]
    public void ProtocolsStreamsAndMessages_ShareTheLinkByBytes()
    {
        var pair = new SessionPair { RecordLength = 1300 };
        var streams = new[] { pair.Open(pair.A), pair.Open(pair.A) };
        var received = new Dictionary<object, long>();
        var written = 0;
        pair.B.Takes = e =>
        {
            object key = e.Kind == SessionEventKind.StreamData ? e.Stream!.Id : e.Protocol!;
            received[key] = received.GetValueOrDefault(key) + e.Payload.Length;
            return true;
        };
        // All of them have something to say at any time; each record goes out alone, so that the path is what they compete for.
        for (var turn = 0; turn < 4000; turn++)
        {
            foreach (var stream in streams)
                pair.A.Machine.Write(stream, new byte[3000], pair.Now);
            while (written - received.GetValueOrDefault("small") < 20_000 && pair.Send(pair.A, new byte[100], 0, 1, "small") == SendResult.Queued)
                written += 100;
            if (received.GetValueOrDefault("sent") - received.GetValueOrDefault("large") < 60_000 && pair.Send(pair.A, new byte[20_000], 0, 1, "large") == SendResult.Queued)
                received["sent"] = received.GetValueOrDefault("sent") + 20_000;
            Turns(pair, 1);
        }

        // What counts is cost: a message of 100 bytes costs 356.
        var (small, large) = (received["small"] / 100 * WireLimits.Cost(100), received["large"] / 20_000 * WireLimits.Cost(20_000));
        var (one, two) = (received[streams[0].Id], received[streams[1].Id]);
        (small, large, one, two).Should().Match<(long Small, long Large, long One, long Two)>(r => r.Small > 500_000 && r.Large > 500_000 && r.One > 500_000 && r.Two > 500_000);
        small.Should().BeInRange(large / 2, large * 2);
        one.Should().BeInRange(two / 2, two * 2);
        (small + large).Should().BeInRange((one + two) / 2, (one + two) * 2);
    }

    [Fact]
    public void UnreadStream_HoldsUpNeitherMessagesNorOtherStreams()
    {
        var pair = new SessionPair();
        var (unread, read) = (pair.Open(pair.A), pair.Open(pair.A));
        pair.Run();
        pair.B.Takes = e => e.Stream?.Id != unread.Id;
        pair.WriteAll(pair.A, unread, Random(1_000_000)).Should().BeFalse("nobody reads it");
        var data = Random(1_000_000);
        pair.WriteAll(pair.A, read, data).Should().BeTrue();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Log(pair.B.Opened[1]).Bytes.Should().Equal(data);
        pair.B.Log(pair.B.Opened[0]).Bytes.Should().HaveCount(WireLimits.InitialStreamWindow);
        SessionLinksTests.Exchanges(pair);

        pair.B.ConsumeHeld(pair.Now);
        pair.B.Consumes = true;
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Log(pair.B.Opened[0]).Bytes.Should().HaveCountGreaterThan(WireLimits.InitialStreamWindow, "as soon as it is read it goes on");
    }

    [Fact]
    public void UnreadStreamsTogether_StopAtTheWindowOfAllStreams_AndMessagesGoOn()
    {
        var pair = new SessionPair();
        var streams = Enumerable.Range(0, 6).Select(_ => pair.Open(pair.A)).ToArray();
        pair.Run();
        pair.B.Takes = e => e.Stream is null;
        foreach (var stream in streams)
            pair.A.Machine.Write(stream, new byte[32 << 10], pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        foreach (var stream in streams)
            pair.WriteAll(pair.A, stream, new byte[64 << 10]);
        var held = pair.B.Held.Sum(h => WireLimits.Cost(h.Payload.Length));
        held.Should().BeInRange(WireLimits.InitialWindow - (40 << 10), WireLimits.InitialWindow + (32 << 10));
        SessionLinksTests.Exchanges(pair);
        pair.B.ConsumeHeld(pair.Now);
        pair.B.Consumes = true;
        pair.Advance(TimeSpan.FromSeconds(1));
        SessionLinksTests.Exchanges(pair);
        pair.A.Machine.Statistics.UnacknowledgedMessages.Should().Be(0);
    }

    [Fact]
    public void LongestMessage_EndsOnceBegun_ThoughTheWindowIsFullOfUnreadOnes()
    {
        var pair = new SessionPair();
        pair.B.Consumes = false;
        for (var i = 0; i < 10; i++)
            pair.Send(pair.A, new byte[20_000]).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.Send(pair.A, Random(WireLimits.MaxMessageLength), 1).Should().Be(SendResult.Queued);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(11);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.Send(pair.A, [1], 2);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(11, "nothing new begins");
    }

    /// <summary>What was half written keeps what it paid: others would take it, and the lane would be held by what cannot begin.</summary>
    [Fact]
    public void HalfWrittenStream_HoldsUpNoMessages_WhenOthersTakeTheCreditAfterALinkChange()
    {
        var pair = new SessionPair { RecordLength = 1000 };
        pair.B.Takes = e => e.Stream is null;
        var half = pair.Open(pair.A, priority: 1);
        var greedy = Enumerable.Range(0, 5).Select(_ => pair.Open(pair.A, priority: 0)).ToList();
        pair.Run();
        for (var i = 0; i < 6; i++)
        {
            pair.A.Machine.Write(greedy[i / 2], new byte[WireLimits.MaxStreamChunk], pair.Now).Should().Be(WireLimits.MaxStreamChunk);
            pair.Advance(TimeSpan.FromMilliseconds(100));
        }

        pair.A.Machine.Write(half, new byte[20_000], pair.Now).Should().Be(20_000);
        pair.PollOne(pair.A);
        pair.ChangeLink();
        foreach (var stream in greedy.Skip(3))
            pair.A.Machine.Write(stream, new byte[WireLimits.MaxStreamChunk], pair.Now).Should().Be(WireLimits.MaxStreamChunk);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.Send(pair.A, [1], 1, priority: 1);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.B.Log(pair.B.Opened.Single(s => s.Id == half.Id)).Bytes.Should().HaveCount(20_000, "what was begun ends");
        pair.B.Held.Sum(h => WireLimits.Cost(h.Payload.Length)).Should().BeGreaterThan(WireLimits.InitialWindow - WireLimits.MaxStreamChunk, "the credit of streams is spent");
    }

    private static byte[] Random(int length, ulong seed = 9)
    {
        var bytes = new byte[length];
        new DeterministicRandom(seed).Fill(bytes);
        return bytes;
    }

    /// <summary>So many records of each end, written and delivered in turn, without time passing.</summary>
    private static void Turns(SessionPair pair, int count)
    {
        for (var i = 0; i < count; i++)
        {
            pair.PollOne(pair.A);
            pair.DeliverOne(pair.A);
            pair.PollOne(pair.B);
            pair.DeliverOne(pair.B);
        }
    }
}
