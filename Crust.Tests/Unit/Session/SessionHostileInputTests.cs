using Crust.Primitives;
using Crust.Session;
using Crust.Session.Links;
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

        Add("frame type 0", new RecordBuilder().Raw(0));
        Add("unknown frame type", new RecordBuilder().Raw(16));
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
        Add("reserved bit of a shape", Defined().Message(1, [1], priority: 4));
        Add("message too long", Defined().Begin([1], (ulong)WireLimits.MaxMessageLength + 1));
        Add("fragment from the middle", Defined().More([1]));
        Add("end without a beginning", Defined().End(1, [1]));
        Add("fragment beyond the end", Defined().Begin([1], 2).More([1, 2, 3]));
        Add("fragment that leaves nothing for the end", Defined().Begin([1], 2).More([1]));
        Add("beginning that is the end", Defined().Begin([1, 2], 2));
        Add("fragment without data", Defined().Begin([1, 2], 10).More(Nothing));
        Add("fragment of another lane", Defined().Begin([1, 2], 10).More([1], lane: 1));
        Add("end too short", Defined().Begin([1, 2], 10).End(1, [1]));
        Add("end too long", Defined().Begin([1, 2], 10).End(1, new byte[9]));
        Add("end out of turn", Defined().Begin([1, 2], 10).End(2, new byte[8]));
        Add("end of another number than the beginning's", Defined().Begin([1, 2], 10, number: 2).End(1, new byte[8]));
        Add("lane begun twice", Defined().Begin([1, 2], 10).Begin([1, 2], 10));
        Add("whole message in a lane that is taken", Defined().Begin([1, 2], 10).Message(1, [1]));
        Add("empty message twice", Defined().Message(1, Nothing).Message(1, Nothing));
        Add("batch of nothing received", new RecordBuilder().Batch(1, 1, new byte[64]));
        Add("batch count 0", Defined().Message(1, [1]).Batch(1, 0, new byte[64]));
        Add("batch count 1025", Defined().Message(1, [1]).Batch(1, 1025, new byte[64]));
        Add("batch from 0", Defined().Message(1, [1]).Batch(0, 1, new byte[64]));
        Add("batch of more than was received", Defined().Message(1, [1]).Batch(1, 2, new byte[64]));
        Add("batch of a half message", Defined().Begin([1], 2).Batch(1, 1, new byte[64]));
        Add("batch with a false signature", Defined().Message(1, [1]).Batch(1, 1, new byte[64]));
        Add("batch out of turn", Defined().Message(1, [1]).Message(2, [1]).Batch(2, 1, new byte[64]));
        Add("acknowledgement of what was not sent", new RecordBuilder().Acknowledge(1));
        Add("credit for messages taken back", new RecordBuilder().Acknowledge(0, messages: (ulong)WireLimits.InitialWindow - 1));
        Add("credit for streams taken back", new RecordBuilder().Acknowledge(0, streams: (ulong)WireLimits.InitialWindow - 1));
        Add("refusal of what was not sent", new RecordBuilder().Refuse(1));
        Add("refusal of 0", new RecordBuilder().Refuse(0));
        Add("goodbye reason too long", new RecordBuilder().Goodbye(0, new byte[257]));
        Add("overlong integer", new RecordBuilder().Raw(4, 0x40, 0x00, 0x00, 0x00));
        Add("datagram too long", new RecordBuilder().Datagram("p", new byte[WireLimits.MaxDatagramLength + 1]));
        Add("datagram without a protocol", new RecordBuilder().Datagram("", [1]));
        Add("nomination by the higher id", new RecordBuilder().Nominate(5));
        Add("credit of a stream that never was", new RecordBuilder().StreamCredit(0, 100));
        return data;
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void Violation_ClosesWithOneGoodbye_AndTellsNoReason(string name, byte[] record)
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, record).Should().BeFalse(name);
        pair.A.Machine.IsClosed.Should().BeTrue();
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
        pair.A.Messages.Should().BeEmpty();
        pair.PollOne(pair.A).Should().BeTrue();
        pair.A.TakeRecord().TakeLast(3).Should().Equal([0x08, (byte)GoodbyeCode.ProtocolViolation, 0x00], "every violation looks alike to the remote");
        pair.PollOne(pair.A).Should().BeFalse();
        pair.Handle(pair.A, new RecordBuilder().Ping().Record).Should().BeFalse("closed is closed");
    }

    [Fact]
    public void LinkRequestOfTheLowerId_IsAViolation()
    {
        var pair = new SessionPair();
        pair.Handle(pair.B, new RecordBuilder().LinkRequest().Record).Should().BeFalse();
        pair.B.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
    }

    [Fact]
    public void EmptyRecord_IsASignOfLife_AndNothingElse()
    {
        var pair = new SessionPair();
        pair.Skip(TimeSpan.FromSeconds(100));
        pair.Handle(pair.A, Nothing).Should().BeTrue();
        pair.Skip(TimeSpan.FromSeconds(100));
        pair.A.Machine.HandleTimeout(pair.Now);
        pair.A.Machine.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void UnsignedDirection_TakesNoBatch()
    {
        var pair = new SessionPair(signed: false);
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Message(1, [1]).Batch(1, 1, new byte[64]).Record).Should().BeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CreditOverrun_Closes(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.A.Consumes = false;
        var handled = pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Record);
        ulong number = 0;
        long cost = 0;
        while (handled)
        {
            var length = number == 0 ? 100_000 : 10_000;
            handled = pair.Handle(pair.A, new RecordBuilder().Message(++number, new byte[length]).Record);
            cost += WireLimits.Cost(length);
            (cost <= WireLimits.InitialWindow).Should().Be(handled);
        }

        number.Should().BeGreaterThan(10);
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
    }

    [Fact]
    public void FragmentBeyondTheCredit_Closes_UntilMoreIsAnnounced()
    {
        foreach (var announced in new[] { false, true })
        {
            var pair = new SessionPair();
            pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Begin(new byte[200_000], 1_000_000).Record).Should().BeTrue();
            if (announced)
                pair.PollOne(pair.A).Should().BeTrue("what was begun is promised credit");
            pair.Handle(pair.A, new RecordBuilder().More(new byte[100_000]).Record).Should().Be(announced);
        }
    }

    [Fact]
    public void MoreUnsignedMessagesThanABatchMayHave_Close()
    {
        // The first window admits 1,024 empty messages, and not one more.
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Record);
        for (ulong number = 1; number <= WireLimits.MaxBatchMessages; number++)
            pair.Handle(pair.A, new RecordBuilder().Message(number, Nothing).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().Message(WireLimits.MaxBatchMessages + 1, Nothing).Record).Should().BeFalse();
    }

    [Fact]
    public void TruncatedRecord_NeverThrows_AndDeliversOnlyWhatItProves()
    {
        foreach (var record in YoungSession.EveryFrame())
        {
            for (var length = 0; length < record.Length; length++)
            {
                var pair = YoungSession.Make();
                pair.Handle(pair.B, record[..length]);
                pair.B.Messages.Should().OnlyContain(m => m.Payload.Length == 100);
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
        var record = pair.A.TakeRecord();
        var batchStart = record.Length - 64 - 8;
        for (var bit = 0; bit < record.Length * 8; bit++)
        {
            var damaged = record.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var target = new SessionPair();
            target.Handle(target.B, damaged);
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
        var record = pair.A.TakeRecord();
        Takes(SessionPair.Parameters(false)).Should().BeTrue("it is good where it belongs");
        Takes(SessionPair.Parameters(true)).Should().BeFalse("it is not ours");
        Takes(SessionPair.Parameters(false) with { SessionId = new byte[32] }).Should().BeFalse();
        Takes(SessionPair.Parameters(false) with { SaltSecret = new byte[32] }).Should().BeFalse();
        Takes(SessionPair.Parameters(false) with { Network = Crust.Identity.NetworkId.FromName("other") }).Should().BeFalse();

        bool Takes(SessionParameters parameters)
        {
            var machine = new SessionMachine(parameters, pair.Now);
            return machine.Handle(machine.AddLink(LinkRank.Direct, 1, pair.Now), new RecordBuilder().Nominate(1).Raw(record).Record, pair.Now);
        }
    }

    [Fact]
    public void SecondStatement_DoesNotVerify_WithoutTheFirst()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Write(pair.A);
        pair.Send(pair.A, [2]);
        pair.Write(pair.A);
        var first = pair.A.TakeRecord();
        var second = pair.A.TakeRecord();
        pair.Handle(pair.B, first).Should().BeTrue();
        pair.Handle(pair.B, second).Should().BeTrue();

        // A sender that tells another first message breaks its own chain at the second statement.
        var other = new SessionPair();
        other.Send(other.A, [9]);
        other.Write(other.A);
        other.DeliverOne(other.A);
        other.Handle(other.B, second).Should().BeFalse();
    }

    [Fact]
    public void PartialAcknowledgementOfABatch_Closes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Send(pair.A, [2]);
        pair.Write(pair.A);
        pair.Handle(pair.A, new RecordBuilder().Acknowledge(1).Record).Should().BeFalse();
    }

    [Fact]
    public void AcknowledgementTakenBack_Closes()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1]);
        pair.Write(pair.A);
        pair.Handle(pair.A, new RecordBuilder().Acknowledge(1).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().Acknowledge(1).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().Acknowledge(0).Record).Should().BeFalse();
    }

    [Fact]
    public void PingFlood_CostsOnePong()
    {
        var pair = new SessionPair();
        var flood = new RecordBuilder();
        for (byte i = 0; i < 200; i++)
            flood.Ping(i);
        pair.Handle(pair.A, flood.Record).Should().BeTrue();
        pair.PollOne(pair.A).Should().BeTrue();
        pair.A.TakeRecord().Should().Equal(6, 0, 0, 0, 0, 0, 0, 0, 199);
        pair.PollOne(pair.A).Should().BeFalse();
    }

    [Fact]
    public void RemoteGoodbye_IsTheEnd_WhateverFollowsIt()
    {
        var pair = new SessionPair();
        pair.Handle(pair.A, new RecordBuilder().Goodbye(12345, "x\u0007y"u8.ToArray()).Raw(0xFF).Record).Should().BeTrue();
        pair.A.Closed.Event.Should().Be(new SessionEvent(SessionEventKind.Closed, Code: 12345, Reason: "x?y", ByRemote: true));
        pair.PollOne(pair.A).Should().BeFalse("a goodbye is not answered");
    }

    [Fact]
    public void RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            var pair = YoungSession.Make();
            pair.Handle(pair.B, bytes);
            pair.ChangeLink();
            pair.Write(pair.B);
        }, iter: 5_000);

    /// <summary>Frames that are right in themselves with random numbers get further than random bytes do.</summary>
    [Fact]
    public void RandomFrames_NeverThrow_AndNeverDeliverUnsigned()
    {
        for (ulong seed = 0; seed < 4_000; seed++)
        {
            var random = new DeterministicRandom(seed);
            var pair = YoungSession.Make();
            var target = random.Chance(0.5) ? pair.A : pair.B;
            var delivered = Delivered(target);
            for (var i = 0; i < 6 && !target.Machine.IsClosed; i++)
            {
                if (random.Chance(0.1))
                    pair.ChangeLink();
                pair.Handle(target, RandomRecord.Next(random));
                pair.Write(target);
            }

            Delivered(target).Should().Be(delivered, $"seed={seed}");
        }

        static int Delivered(SessionEnd end) => end.Events.Count(e => e.Kind is SessionEventKind.MessageReceived or (>= SessionEventKind.StreamOpened and <= SessionEventKind.StreamStopped));
    }
}
