using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Every message has exactly one outcome, and at the end its payload comes back with it.</summary>
public class SessionOutcomesTests
{
    private static readonly SessionEventKind[] Outcomes =
        [SessionEventKind.Acknowledged, SessionEventKind.Refused, SessionEventKind.OutcomeUnknown, SessionEventKind.NotSent];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HalfWrittenMessage_WasNotSent_AndAWholeOneIsUnknown(bool signed)
    {
        var pair = new SessionPair(signed) { RecordLength = 1000 };
        pair.Send(pair.A, Payload(1, 300), 1, priority: 1, protocol: "whole");
        pair.PollOne(pair.A);
        pair.Send(pair.A, Payload(2, 5000), 2, priority: 2, protocol: "half");
        pair.PollOne(pair.A);
        pair.PollOne(pair.A);
        pair.Send(pair.A, Payload(3, 10), 3, priority: 3, protocol: "queued");
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.DrainEvents(pair.Now);

        var told = pair.A.Events.Where(e => Outcomes.Contains(e.Kind)).ToList();
        told.Select(e => (e.Kind, e.Token, e.Protocol, (int)e.Priority)).Should().BeEquivalentTo(new[]
        {
            (SessionEventKind.OutcomeUnknown, 1L, "whole", 1), (SessionEventKind.NotSent, 2L, "half", 2), (SessionEventKind.NotSent, 3L, "queued", 3),
        });
        told.Single(e => e.Token == 1).Payload.Should().Equal(Payload(1, 300));
        told.Single(e => e.Token == 2).Payload.Should().Equal(Payload(2, 5000));
        told.Single(e => e.Token == 3).Payload.Should().Equal(Payload(3, 10));
        pair.A.Events[^1].Kind.Should().Be(SessionEventKind.Closed, "the outcomes come before the end");
    }

    [Fact]
    public void MessageWithoutAToken_ComesBackToo_ButIsNotToldBefore()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 0);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Events.Where(e => Outcomes.Contains(e.Kind)).Should().BeEmpty();
        pair.Send(pair.A, [2], 0);
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.DrainEvents(pair.Now);
        pair.A.Of(SessionEventKind.NotSent).Single().Payload.Should().Equal(2);
    }

    [Fact]
    public void HalfWrittenMessageOfALostLink_WasNotSent_EvenIfItHadBegunTwice()
    {
        var pair = new SessionPair { RecordLength = 1000 };
        pair.Send(pair.A, Payload(1, 5000), 1);
        pair.PollOne(pair.A);
        pair.ChangeLink();
        pair.PollOne(pair.A);
        pair.PollOne(pair.A);
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.DrainEvents(pair.Now);
        pair.A.Tokens(SessionEventKind.NotSent).Should().Equal(1);
        pair.A.Tokens(SessionEventKind.OutcomeUnknown).Should().BeEmpty();
    }

    [Fact]
    public void RefusedMessageThatIsRetained_IsNotToldAgainAtTheEnd()
    {
        // The refusal came, the acknowledgement did not.
        var pair = new SessionPair();
        pair.Send(pair.A, [1], 1);
        pair.PollOne(pair.A);
        pair.Handle(pair.A, new RecordBuilder().Refuse(1, 9).Record).Should().BeTrue();
        pair.A.Of(SessionEventKind.Refused).Single().Code.Should().Be(9);
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.DrainEvents(pair.Now);
        pair.A.Events.Count(e => e.Token == 1).Should().Be(1);
    }

    /// <summary>Random lives that end at a random moment.</summary>
    [Fact]
    public void EveryMessage_HasExactlyOneOutcome_WheneverTheSessionEnds()
    {
        var seen = new HashSet<SessionEventKind>();
        for (ulong seed = 0; seed < 400; seed++)
        {
            var random = new DeterministicRandom(seed);
            var context = $"seed={seed}";
            var pair = new SessionPair(random.Chance(0.5)) { RecordLength = random.Next(WireLimits.MinRecordLength, 3000) };
            pair.B.RefusedProtocol = random.Chance(0.5) ? "refused" : null;
            var sent = new List<long>();
            var steps = random.Next(10, 200);
            for (var step = 0; step < steps; step++)
            {
                switch (random.Next(6))
                {
                    case 0 or 1:
                        var token = sent.Count + 1L;
                        if (pair.Send(pair.A, Payload(token, random.Next(8, 3000)), token, (byte)random.Next(4), random.Chance(0.3) ? "refused" : "taken") == SendResult.Queued)
                            sent.Add(token);
                        break;
                    case 2:
                        pair.PollOne(pair.A);
                        break;
                    case 3:
                        pair.DeliverOne(pair.A);
                        break;
                    case 4:
                        pair.PollOne(pair.B);
                        pair.DeliverOne(pair.B);
                        break;
                    default:
                        pair.Skip(TimeSpan.FromMilliseconds(random.Next(40)));
                        pair.Timeout();
                        if (random.Chance(0.1))
                            pair.ChangeLink();
                        break;
                }
            }

            var goodbye = random.Chance(0.5);
            if (goodbye)
                pair.Handle(pair.A, new RecordBuilder().Goodbye(1, []).Record);
            else
                pair.A.Machine.Abort(GoodbyeCode.Normal, "");
            pair.A.DrainEvents(pair.Now);

            var told = pair.A.Events.Where(e => Outcomes.Contains(e.Kind)).ToList();
            told.Select(e => e.Token).Order().Should().Equal(sent, context);
            seen.UnionWith(told.Select(e => e.Kind));
            var received = pair.B.Messages.Select(m => BitConverter.ToInt64(m.Payload)).ToHashSet();
            foreach (var e in told)
            {
                if (e.Kind == SessionEventKind.NotSent)
                    received.Should().NotContain(e.Token, context);
                if (e.Kind is SessionEventKind.Acknowledged or SessionEventKind.Refused)
                    received.Should().Contain(e.Token, context);
                if (e.Kind is SessionEventKind.NotSent or SessionEventKind.OutcomeUnknown)
                    BitConverter.ToInt64(e.Payload).Should().Be(e.Token, context);
            }
        }

        seen.Should().BeEquivalentTo(Outcomes, "each of them must have come about");
    }

    private static byte[] Payload(long token, int length)
    {
        var payload = new byte[length];
        BitConverter.TryWriteBytes(payload, token).Should().BeTrue();
        return payload;
    }
}
