using System.Text;
using Crust.Identity.Evidence;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>What is signed, what is not, and what a receiver can prove to others.</summary>
public class SessionEvidenceTests
{
    [Fact]
    public void ReceivedMessages_AreProvenToAnyone_ByWhatIsExported()
    {
        var pair = new SessionPair();
        for (var i = 0; i < 100; i++)
            pair.Send(pair.A, Encoding.ASCII.GetBytes(new string('m', i * 20)), priority: (byte)(i % 4), protocol: $"p{i % 3}");
        var stream = pair.Open(pair.A, priority: 0);
        pair.WriteAll(pair.A, stream, new byte[5000]).Should().BeTrue();
        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(100);
        foreach (var message in pair.B.Messages)
        {
            message.IsSigned.Should().BeTrue();
            var exported = message.Evidence!.Export(Leaf.Message(Encoding.ASCII.GetBytes(message.Protocol!), message.Number), message.Payload);
            SignedMessage.TryVerify(exported.ToBytes(), SessionPair.Parameters(true).Self.Id, out var verified).Should().BeTrue();
            (verified!.Number, verified.Protocol).Should().Be((message.Number, message.Protocol!));
            verified.Payload.ToArray().Should().Equal(message.Payload);
            SignedMessage.TryVerify(exported.ToBytes(), SessionPair.Parameters(false).Self.Id, out _).Should().BeFalse("somebody else signed");
        }
    }

    [Fact]
    public void Evidence_IsKeptOnlyIfWanted()
    {
        var pair = new SessionPair(limits: new SessionLimits { KeepEvidence = false });
        pair.Send(pair.A, [1]);
        pair.Run();
        var message = pair.B.Messages.Single();
        (message.IsSigned, message.Evidence).Should().Be((true, null));
    }

    [Fact]
    public void UnsignedDirection_HasNoEvidence()
    {
        var pair = new SessionPair(aSigned: false, bSigned: true);
        pair.Send(pair.A, [1]);
        pair.Send(pair.B, [2]);
        pair.Run();
        var (toB, toA) = (pair.B.Messages.Single(), pair.A.Messages.Single());
        (toB.IsSigned, toB.Evidence).Should().Be((false, null));
        toA.IsSigned.Should().BeTrue();
        toA.Evidence.Should().NotBeNull();
        pair.A.Machine.Statistics.BatchesSigned.Should().Be(0);
    }

    [Fact]
    public void ProtocolThatIsLeftUnsigned_TravelsAmongSignedOnes()
    {
        var pair = LeavingPlainUnsigned();
        for (var i = 1; i <= 50; i++)
            pair.Send(pair.A, new byte[i * 37], i, protocol: i % 2 == 0 ? "plain" : "kept").Should().Be(SendResult.Queued);
        var streams = new[] { pair.Open(pair.A, protocol: "plain"), pair.Open(pair.A, protocol: "kept") };
        foreach (var stream in streams)
        {
            pair.WriteAll(pair.A, stream, new byte[3000]).Should().BeTrue();
            pair.A.Machine.Finish(stream, pair.Now);
        }

        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Messages.Should().HaveCount(50);
        pair.B.Messages.Should().OnlyContain(m => m.IsSigned == (m.Protocol == "kept") && (m.Evidence != null) == (m.Protocol == "kept"));
        pair.A.Tokens(SessionEventKind.Acknowledged).Should().BeEquivalentTo(Enumerable.Range(1, 50).Select(i => (long)i));
        foreach (var remote in pair.B.Opened)
        {
            pair.B.Of(SessionEventKind.StreamData).Where(e => e.Stream == remote).Should().NotBeEmpty().And.OnlyContain(e => e.IsSigned == (remote.Protocol == "kept"));
            pair.B.Of(SessionEventKind.StreamFinished).Single(e => e.Stream == remote).IsSigned.Should().Be(remote.Protocol == "kept");
        }

        pair.A.Machine.Statistics.BatchesSigned.Should().BeGreaterThan(0);
        pair.B.Machine.Statistics.BatchesVerified.Should().Be(pair.A.Machine.Statistics.BatchesSigned);

        // The numbers of both are in one chain: what is signed proves itself beside what is not.
        foreach (var message in pair.B.Messages.Where(m => m.IsSigned))
            message.Evidence!.Export(Leaf.Message("kept"u8, message.Number), message.Payload).Verify().Should().BeTrue();
    }

    [Fact]
    public void AnswerOnAStream_IsLeftUnsignedByItsOwnSender()
    {
        var pair = LeavingPlainUnsigned();
        var stream = pair.Open(pair.B, protocol: "plain");
        pair.WriteAll(pair.B, stream, [1]).Should().BeTrue();
        pair.Advance(TimeSpan.FromMilliseconds(100));
        pair.A.Of(SessionEventKind.StreamData).Single().IsSigned.Should().BeTrue("B signs everything");
        pair.WriteAll(pair.A, pair.A.Opened.Single(), [2]).Should().BeTrue();
        pair.Advance(TimeSpan.FromMilliseconds(100));
        pair.B.Of(SessionEventKind.StreamData).Single().IsSigned.Should().BeFalse("A leaves this protocol out");
    }

    [Fact]
    public void UnsignedPayload_CannotPassForASignedOne()
    {
        // A flipped bit that says "unsigned" changes what was signed.
        var pair = new SessionPair();
        pair.Send(pair.A, [7, 7, 7]);
        pair.PollOne(pair.A);
        var record = pair.A.TakeRecord();
        var shape = Array.IndexOf(record, (byte)7) - 3;
        record[shape].Should().Be((byte)EntryKind.Message);
        record[shape] |= 0x80;
        pair.Handle(pair.B, record).Should().BeFalse();
        pair.B.Messages.Should().BeEmpty();
    }

    private static SessionPair LeavingPlainUnsigned() =>
        new(SessionPair.Parameters(true) with { LeavesUnsigned = static name => name == "plain" }, SessionPair.Parameters(false));
}
