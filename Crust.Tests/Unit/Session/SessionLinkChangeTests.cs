using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Frames;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SessionLinkChangeTests
{
    private const ulong FirstSeed = 0, SeedCount = 600;
    private static readonly string[] Protocols = ["one", "two", "three"];

    /// <summary>Cuts the link at random points under random traffic both ways. On failure the message names the seed.</summary>
    [Fact]
    public void Messages_ArriveExactlyOnceAndInOrder_WhereverTheLinkIsCut()
    {
        long retransmitted = 0;
        for (var seed = FirstSeed; seed < FirstSeed + SeedCount; seed++)
        {
            var statistics = RunSeed(seed);
            retransmitted += statistics.MessagesRetransmitted;
        }

        retransmitted.Should().BeGreaterThan((long)SeedCount, "the cuts must hit something");
    }

    [Fact]
    public void Resend_IsByteIdentical()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1, 2, 3]);
        pair.Send(pair.A, [4, 5, 6]);
        pair.PollOne(pair.A);
        var first = pair.A.Outbox.Peek().Record;
        pair.Skip(TimeSpan.FromSeconds(5));
        pair.ChangeLink();
        pair.PollOne(pair.A);
        var second = pair.A.Outbox.Peek().Record;
        // The new link begins with a ping, and the session on it with the acknowledgement, which tells where we stand.
        second[0].Should().Be((byte)FrameType.Ping);
        second[9].Should().Be((byte)FrameType.Acknowledge);
        second.AsSpan(19).ToArray().Should().Equal(first);
        pair.A.Machine.Statistics.BatchesSigned.Should().Be(1);
    }

    [Fact]
    public void Duplicates_AreSkipped_WhenOnlyTheAcknowledgementWasLost()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.Run();
        pair.B.Messages.Should().HaveCount(1);
        pair.ChangeLink();
        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.Send(pair.A, [2], 2);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Select(m => m.Payload[0]).Should().Equal(1, 2);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1, 2);
        pair.A.Machine.Statistics.MessagesRetransmitted.Should().BeGreaterThan(0);
    }

    [Fact]
    public void Resend_LeavesOutTheRest_OnceItLearnsThatAllArrived()
    {
        var pair = new SessionPair { RecordLength = 1000 };
        for (var i = 1; i <= 10; i++)
            pair.Send(pair.A, new byte[5000], i);
        while (pair.PollOne(pair.A))
            pair.DeliverOne(pair.A);
        pair.B.Messages.Should().HaveCount(10);
        pair.ChangeLink();

        // Half of the first message goes out again before the acknowledgement tells that nothing is missing.
        pair.PollOne(pair.A);
        pair.PollOne(pair.A);
        pair.PollOne(pair.B);
        pair.DeliverOne(pair.B);
        pair.Send(pair.A, [1], 11);
        pair.Advance(TimeSpan.FromSeconds(1));

        pair.A.Machine.Statistics.MessagesRetransmitted.Should().Be(0, "none went out again whole");
        pair.B.Messages.Select(m => m.Number).Should().Equal(Enumerable.Range(1, 11).Select(i => (ulong)i));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().HaveCount(11);
    }

    [Fact]
    public void HalfWrittenMessage_BeginsAnew()
    {
        var pair = new SessionPair { RecordLength = 1000 };
        var payload = new byte[5000];
        new DeterministicRandom(1).Fill(payload);
        pair.Send(pair.A, payload, 1);
        for (var i = 0; i < 3; i++)
        {
            pair.PollOne(pair.A);
            pair.DeliverOne(pair.A);
        }

        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Single().Payload.Should().Equal(payload);
        pair.A.Machine.Statistics.MessagesSent.Should().Be(1);
    }

    [Fact]
    public void UnverifiedMessages_CostNoCreditTwice_HoweverOftenTheLinkChanges()
    {
        var pair = new SessionPair { RecordLength = 60_000 };
        for (var change = 0; change < 20; change++)
        {
            if (change == 0)
                pair.Send(pair.A, new byte[WireLimits.MaxMessageLength], 1);
            for (var i = 0; i < 30; i++)
            {
                pair.PollOne(pair.A);
                pair.DeliverOne(pair.A);
            }

            pair.ChangeLink();
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(1);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
    }

    [Fact]
    public void Goodbye_ComesAfterEverything_EvenOverANewLink()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.A.Machine.Close(GoodbyeCode.Normal, "");
        pair.PollOne(pair.A);
        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(1);
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
        pair.B.Closed.ByRemote.Should().BeTrue();
    }

    private static SessionStatistics RunSeed(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var pair = new SessionPair(random.Chance(0.7), random.Chance(0.7))
        {
            RecordLength = random.Next(WireLimits.MinRecordLength, 4000),
        };
        pair.B.RefusedProtocol = random.Chance(0.3) ? Protocols[2] : null;
        var sent = new Dictionary<SessionEnd, List<(byte[] Payload, byte Priority, string Protocol)>> { [pair.A] = [], [pair.B] = [] };
        var cutChance = random.NextDouble() * 0.05;
        for (var step = 0; step < 400; step++)
        {
            var from = random.Chance(0.5) ? pair.A : pair.B;
            switch (random.Next(6))
            {
                case 0:
                    Send(pair, from, sent[from], random);
                    break;
                case 1 or 2:
                    pair.PollOne(from);
                    break;
                case 3 or 4:
                    pair.DeliverOne(from);
                    break;
                default:
                    pair.Skip(TimeSpan.FromMilliseconds(random.Next(20)));
                    pair.Timeout();
                    break;
            }

            if (random.Chance(cutChance))
                pair.ChangeLink();
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        Check(seed, pair.A, pair.B, sent[pair.A]);
        Check(seed, pair.B, pair.A, sent[pair.B]);
        return pair.A.Machine.Statistics;
    }

    private static void Send(SessionPair pair, SessionEnd end, List<(byte[] Payload, byte Priority, string Protocol)> sent, DeterministicRandom random)
    {
        var payload = new byte[4 + (random.Chance(0.1) ? random.Next(20_000) : random.Next(300))];
        random.Fill(payload);
        BinaryPrimitives.WriteInt32BigEndian(payload, sent.Count);
        var priority = (byte)random.Next(WireLimits.PriorityCount);
        var protocol = Protocols[random.Next(Protocols.Length)];
        if (pair.Send(end, payload, sent.Count + 1, priority, protocol) == SendResult.Queued)
            sent.Add((payload, priority, protocol));
    }

    private static void Check(ulong seed, SessionEnd from, SessionEnd to, List<(byte[] Payload, byte Priority, string Protocol)> sent)
    {
        var context = $"seed={seed}; replay: set FirstSeed to {seed} and SeedCount to 1";
        from.Machine.IsClosed.Should().BeFalse(context);
        var received = to.Messages.ToList();
        var indices = received.Select(m => BinaryPrimitives.ReadInt32BigEndian(m.Payload)).ToList();
        indices.Order().Should().Equal(Enumerable.Range(0, sent.Count), context);
        for (var i = 0; i < received.Count; i++)
        {
            var (payload, priority, protocol) = sent[indices[i]];
            received[i].Payload.AsSpan().SequenceEqual(payload).Should().BeTrue(context);
            received[i].Priority.Should().Be(priority, context);
            received[i].Protocol.Should().Be(protocol, context);
            received[i].Number.Should().Be((ulong)i + 1, context);
        }

        foreach (var group in received.GroupBy(m => (m.Protocol, m.Priority)))
            group.Select(m => BinaryPrimitives.ReadInt32BigEndian(m.Payload)).Should().BeInAscendingOrder(context);
        var refused = sent.Select((m, i) => (m, i)).Where(x => x.m.Protocol == to.RefusedProtocol).Select(x => x.i + 1L).ToList();
        from.Tokens(SessionEventKind.Refused).Order().Should().Equal(refused, context);
        from.Tokens(SessionEventKind.Acknowledged).Concat(refused).Order().Should().Equal(Enumerable.Range(1, sent.Count).Select(i => (long)i), context);
        from.Machine.Statistics.UnacknowledgedMessages.Should().Be(0, context);
    }
}
