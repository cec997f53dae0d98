using Crust.Primitives;
using Crust.Session;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SessionHostileInputTests
{
    private static readonly byte[] Nothing = [];

    public static TheoryData<string, byte[]> Violations()
    {
        var data = new TheoryData<string, byte[]>();
        void Add(string name, RecordBuilder builder) => data.Add(name, builder.Record);
        RecordBuilder Defined() => new RecordBuilder().Protocol(1, "p");

        Add("empty record", new RecordBuilder());
        Add("frame type 0", new RecordBuilder().Raw(0));
        Add("unknown frame type", new RecordBuilder().Raw(9));
        Add("unknown frame after a good one", new RecordBuilder().Ping().Raw(0xFF));
        Add("protocol id 0", new RecordBuilder().Protocol(0, "p"));
        Add("protocol id with a gap", new RecordBuilder().Protocol(2, "p"));
        Add("protocol id twice", Defined().Protocol(1, "q"));
        Add("protocol name twice", Defined().Protocol(2, "p"));
        Add("protocol without a name", new RecordBuilder().Protocol(1, ""));
        Add("protocol name too long", new RecordBuilder().Protocol(1, new string('p', 65)));
        Add("protocol name not printable", new RecordBuilder().Protocol(1, "a\nb"));
        Add("protocol name not ASCII", new RecordBuilder().Raw(1, 1, 1, 0x80));
        Add("undefined protocol", Defined().Message(1, [1], protocol: 2));
        Add("protocol 0", Defined().Message(1, [1], protocol: 0));
        Add("number 0", Defined().Message(0, [1]));
        Add("number skipped", Defined().Message(2, [1]));
        Add("number twice", Defined().Message(1, [1]).Message(1, [1]));
        Add("number skipped later", Defined().Message(1, [1]).Message(3, [1]));
        Add("priority 4", Defined().Message(1, [1], priority: 4));
        Add("message too long", Defined().Message(1, [1], total: WireLimits.MaxMessageLength + 1));
        Add("fragment from the middle", Defined().Message(1, [1], total: 10, offset: 5));
        Add("fragment beyond the end", Defined().Message(1, [1, 2, 3], total: 2));
        Add("fragment without data", Defined().Message(1, Nothing, total: 10));
        Add("fragment with a gap", Defined().Message(1, [1, 2], total: 10).Message(1, [1], total: 10, offset: 3));
        Add("fragment that overlaps", Defined().Message(1, [1, 2], total: 10).Message(1, [1], total: 10, offset: 1));
        Add("fragment repeated", Defined().Message(1, [1, 2], total: 10).Message(1, [1, 2], total: 10));
        Add("fragment of another length", Defined().Message(1, [1, 2], total: 10).Message(1, [1], total: 11, offset: 2));
        Add("fragment of another priority", Defined().Message(1, [1, 2], total: 10).Message(1, [1], priority: 1, total: 10, offset: 2));
        Add("fragment of another protocol", Defined().Protocol(2, "q").Message(1, [1, 2], total: 10).Message(1, [1], protocol: 2, total: 10, offset: 2));
        Add("next message before the end of the first", Defined().Message(1, [1, 2], total: 10).Message(2, [1]));
        Add("empty message twice", Defined().Message(1, Nothing).Message(1, Nothing));
        Add("batch of nothing received", new RecordBuilder().Batch(1, 1, new byte[64]));
        Add("batch count 0", Defined().Message(1, [1]).Batch(1, 0, new byte[64]));
        Add("batch count 1025", Defined().Message(1, [1]).Batch(1, 1025, new byte[64]));
        Add("batch from 0", Defined().Message(1, [1]).Batch(0, 1, new byte[64]));
        Add("batch of more than was received", Defined().Message(1, [1]).Batch(1, 2, new byte[64]));
        Add("batch of a half message", Defined().Message(1, [1], total: 2).Batch(1, 1, new byte[64]));
        Add("batch with a false signature", Defined().Message(1, [1]).Batch(1, 1, new byte[64]));
        Add("batch out of turn", Defined().Message(1, [1]).Message(2, [1]).Batch(2, 1, new byte[64]));
        Add("acknowledgement of what was not sent", new RecordBuilder().Acknowledge(1));
        Add("credit taken back", new RecordBuilder().Acknowledge(0, (ulong)WireLimits.FlowWindow - 1));
        Add("refusal of what was not sent", new RecordBuilder().Refuse(1));
        Add("refusal of 0", new RecordBuilder().Refuse(0));
        Add("goodbye reason too long", new RecordBuilder().Goodbye(0, new byte[257]));
        Add("overlong integer", new RecordBuilder().Raw(4, 0x40, 0x00, 0x00));
        return data;
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void Violation_ClosesWithOneGoodbye_AndTellsNoReason(string name, byte[] record)
    {
        var pair = new SessionPair();
        pair.A.Machine.Handle(record, pair.Now).Should().BeFalse(name);
        pair.A.DrainEvents();
        pair.A.Machine.IsClosed.Should().BeTrue();
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
        pair.A.Messages.Should().BeEmpty();
        pair.PollOne(pair.A).Should().BeTrue();
        pair.A.Outbox.Peek().Should().Equal([0x08, (byte)GoodbyeCode.ProtocolViolation, 0x00], "every violation looks alike to the remote");
        pair.PollOne(pair.A).Should().BeFalse();
        pair.A.Machine.Handle(new RecordBuilder().Ping().Record, pair.Now).Should().BeFalse("closed is closed");
    }

    [Fact]
    public void UnsignedDirection_TakesNoBatch()
    {
        var pair = new SessionPair(signed: false);
        pair.A.Machine.Handle(new RecordBuilder().Protocol(1, "p").Message(1, [1]).Batch(1, 1, new byte[64]).Record, pair.Now).Should().BeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CreditOverrun_Closes(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.A.Consumes = false;
        var handled = pair.A.Machine.Handle(new RecordBuilder().Protocol(1, "p").Record, pair.Now);
        ulong number = 0;
        long cost = 0;
        while (handled)
        {
            var total = number == 0 ? WireLimits.MaxMessageLength : 1_000_000;
            handled = pair.A.Machine.Handle(new RecordBuilder().Message(++number, new byte[total]).Record, pair.Now);
            cost += WireLimits.Cost(total);
            (cost <= WireLimits.FlowWindow).Should().Be(handled);
        }

        pair.A.DrainEvents();
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
    }

    [Fact]
    public void MoreUnsignedMessagesThanABatchMayHave_Close()
    {
        var pair = new SessionPair();
        pair.A.Machine.Handle(new RecordBuilder().Protocol(1, "p").Record, pair.Now);
        for (ulong number = 1; number <= WireLimits.MaxBatchMessages; number++)
            pair.A.Machine.Handle(new RecordBuilder().Message(number, Nothing).Record, pair.Now).Should().BeTrue();
        pair.A.Machine.Handle(new RecordBuilder().Message(WireLimits.MaxBatchMessages + 1, Nothing).Record, pair.Now).Should().BeFalse();
    }

    [Fact]
    public void TruncatedRecord_NeverThrows_AndDeliversOnlyWhatItProves()
    {
        foreach (var record in EveryFrame())
        {
            for (var length = 0; length < record.Length; length++)
            {
                var pair = Prepared();
                pair.B.Machine.Handle(record.AsSpan(0, length), pair.Now);
                pair.B.DrainEvents();
                pair.B.Messages.Should().OnlyContain(m => m.Payload!.Length == 100);
            }
        }
    }

    [Fact]
    public void FlippedBit_NeverChangesWhatIsDelivered()
    {
        var pair = new SessionPair();
        var payload = new byte[40];
        new DeterministicRandom(3).Fill(payload);
        pair.Send(pair.A, payload);
        pair.PollOne(pair.A);
        var record = pair.A.Outbox.Dequeue();
        var batchStart = record.Length - 64 - 8;
        for (var bit = 0; bit < record.Length * 8; bit++)
        {
            var damaged = record.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var target = new SessionPair();
            target.B.Machine.Handle(damaged, target.Now);
            target.B.DrainEvents();
            foreach (var message in target.B.Messages)
            {
                message.Payload.Should().Equal(payload);
                message.Protocol.Should().Be(SessionPair.Protocol);
                message.Number.Should().Be(1);
            }

            if (bit / 8 < batchStart)
                continue;
            target.B.Messages.Should().BeEmpty("time and signature are signed");
            target.B.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
        }
    }

    [Fact]
    public void BatchOfAnotherDirectionSessionOrPeer_DoesNotVerify()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.PollOne(pair.A);
        var record = pair.A.Outbox.Dequeue();
        new SessionMachine(SessionPair.Parameters(false), pair.Now).Handle(record, pair.Now).Should().BeTrue("it is good where it belongs");
        new SessionMachine(SessionPair.Parameters(true), pair.Now).Handle(record, pair.Now).Should().BeFalse("it is not ours");
        new SessionMachine(SessionPair.Parameters(false) with { SessionId = new byte[32] }, pair.Now).Handle(record, pair.Now).Should().BeFalse();
        new SessionMachine(SessionPair.Parameters(false) with { SaltSecret = new byte[32] }, pair.Now).Handle(record, pair.Now).Should().BeFalse();
        new SessionMachine(SessionPair.Parameters(false) with { Network = Crust.Identity.NetworkId.FromName("other") }, pair.Now).Handle(record, pair.Now).Should().BeFalse();
    }

    [Fact]
    public void SecondStatement_DoesNotVerify_WithoutTheFirst()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Write(pair.A);
        pair.Send(pair.A, [2]);
        pair.Write(pair.A);
        var first = pair.A.Outbox.Dequeue();
        var second = pair.A.Outbox.Dequeue();
        pair.B.Machine.Handle(first, pair.Now).Should().BeTrue();
        pair.B.Machine.Handle(second, pair.Now).Should().BeTrue();

        // A sender that tells another first message breaks its own chain at the second statement.
        var other = new SessionPair();
        other.Send(other.A, [9]);
        other.Write(other.A);
        other.DeliverOne(other.A, other.B);
        other.B.Machine.Handle(second, other.Now).Should().BeFalse();
    }

    [Fact]
    public void PartialAcknowledgementOfABatch_Closes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Send(pair.A, [2]);
        pair.Write(pair.A);
        pair.A.Machine.Handle(new RecordBuilder().Acknowledge(1).Record, pair.Now).Should().BeFalse();
    }

    [Fact]
    public void AcknowledgementTakenBack_Closes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Write(pair.A);
        pair.A.Machine.Handle(new RecordBuilder().Acknowledge(1).Record, pair.Now).Should().BeTrue();
        pair.A.Machine.Handle(new RecordBuilder().Acknowledge(1).Record, pair.Now).Should().BeTrue();
        pair.A.Machine.Handle(new RecordBuilder().Acknowledge(0).Record, pair.Now).Should().BeFalse();
    }

    [Fact]
    public void PingFlood_CostsOnePong()
    {
        var pair = new SessionPair();
        var flood = new RecordBuilder();
        for (byte i = 0; i < 200; i++)
            flood.Ping(i);
        pair.A.Machine.Handle(flood.Record, pair.Now).Should().BeTrue();
        pair.PollOne(pair.A).Should().BeTrue();
        pair.A.Outbox.Dequeue().Should().Equal(6, 0, 0, 0, 0, 0, 0, 0, 199);
        pair.PollOne(pair.A).Should().BeFalse();
    }

    [Fact]
    public void RemoteGoodbye_IsTheEnd_WhateverFollowsIt()
    {
        var pair = new SessionPair();
        pair.A.Machine.Handle(new RecordBuilder().Goodbye(12345, "x\u0007y"u8.ToArray()).Raw(0xFF).Record, pair.Now).Should().BeTrue();
        pair.A.DrainEvents();
        pair.A.Closed.Should().Be(new SessionEvent(SessionEventKind.Closed, Code: 12345, Reason: "x?y", ByRemote: true));
        pair.PollOne(pair.A).Should().BeFalse("a goodbye is not answered");
    }

    [Fact]
    public void RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            var pair = Prepared();
            pair.B.Machine.Handle(bytes, pair.Now);
            pair.B.Machine.HandleLinkChanged(pair.Now);
            pair.Write(pair.B);
        }, iter: 5_000);

    /// <summary>Frames that are right in themselves with random numbers get further than random bytes do.</summary>
    [Fact]
    public void RandomFrames_NeverThrow_AndNeverDeliverUnsigned()
    {
        for (ulong seed = 0; seed < 4_000; seed++)
        {
            var random = new DeterministicRandom(seed);
            var pair = Prepared();
            var delivered = pair.B.Messages.Count();
            for (var i = 0; i < 6 && !pair.B.Machine.IsClosed; i++)
            {
                if (random.Chance(0.1))
                    pair.B.Machine.HandleLinkChanged(pair.Now);
                pair.B.Machine.Handle(RandomRecord(random), pair.Now);
                pair.Write(pair.B);
            }

            pair.B.Messages.Should().HaveCount(delivered, $"seed={seed}");
        }
    }

    /// <summary>A pair with a little history both ways, so that numbers can be nearly right.</summary>
    private static SessionPair Prepared()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[100]);
        pair.Send(pair.B, new byte[100]);
        pair.Run();
        return pair;
    }

    private static IEnumerable<byte[]> EveryFrame()
    {
        var pair = Prepared();
        pair.Send(pair.A, new byte[100], protocol: "another");
        pair.PollOne(pair.A);
        yield return pair.A.Outbox.Dequeue();
        yield return new RecordBuilder().Acknowledge(1, 5 << 20).Ping().Raw(6, 0, 0, 0, 0, 0, 0, 0, 1).Refuse(1).Goodbye(1, "bye"u8.ToArray()).Record;
    }

    private static byte[] RandomRecord(DeterministicRandom random)
    {
        var builder = new RecordBuilder();
        for (var frames = random.Next(1, 5); frames > 0; frames--)
        {
            var small = (ulong)random.Next(5);
            _ = random.Next(8) switch
            {
                0 => builder.Protocol(small, random.Chance(0.5) ? "x" : "y"),
                1 or 2 => builder.Message(small, new byte[random.Next(20)], (ulong)random.Next(3), (byte)random.Next(5)),
                3 => builder.Message(small, new byte[random.Next(1, 20)], 1, 0, (ulong)random.Next(40), (ulong)random.Next(20)),
                4 => builder.Batch(small, (ulong)random.Next(4), new byte[64]),
                5 => builder.Acknowledge(small, (ulong)random.Next(3 << 20, 9 << 20)),
                6 => builder.Refuse(small),
                _ => builder.Ping(),
            };
        }

        return builder.Record;
    }
}
