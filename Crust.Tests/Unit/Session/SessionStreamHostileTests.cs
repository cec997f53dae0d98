using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>A remote that breaks the rules of streams. A is the end under test: its streams are even, the remote's odd.</summary>
public class SessionStreamHostileTests
{
    public static TheoryData<string, byte[]> Violations()
    {
        var data = new TheoryData<string, byte[]>();
        void Add(string name, RecordBuilder builder) => data.Add(name, builder.Record);
        RecordBuilder Defined() => new RecordBuilder().Protocol(1, "p");
        RecordBuilder Opened() => Defined().Stream(1, EntryKind.StreamOpen, 1);

        Add("opening of a stream of ours", Defined().Stream(1, EntryKind.StreamOpen, 2));
        Add("opening of stream 0", Defined().Stream(1, EntryKind.StreamOpen, 0));
        Add("opening out of turn", Defined().Stream(1, EntryKind.StreamOpen, 3));
        Add("opening twice", Opened().Stream(2, EntryKind.StreamOpen, 1));
        Add("opening that skips one", Opened().Stream(2, EntryKind.StreamOpen, 5));
        Add("opening with an unknown protocol", Defined().Stream(1, EntryKind.StreamOpen, 1, protocol: 2));
        Add("data of a stream that is not open", Defined().Stream(1, EntryKind.StreamData, 1, [1]));
        Add("data of a stream of ours that is not open", Defined().Stream(1, EntryKind.StreamData, 2, [1]));
        Add("finish of a stream that is not open", Defined().Stream(1, EntryKind.StreamFinish, 1));
        Add("reset of a stream that is not open", Defined().Stream(1, EntryKind.StreamReset, 1));
        Add("stop of a stream that is not open", Defined().Stream(1, EntryKind.StreamStop, 1));
        Add("data after the finish", Opened().Stream(2, EntryKind.StreamFinish, 1).Stream(3, EntryKind.StreamData, 1, [1]));
        Add("data after the reset", Opened().Stream(2, EntryKind.StreamReset, 1).Stream(3, EntryKind.StreamData, 1, [1]));
        Add("finish twice", Opened().Stream(2, EntryKind.StreamFinish, 1).Stream(3, EntryKind.StreamFinish, 1));
        Add("reset after the finish", Opened().Stream(2, EntryKind.StreamFinish, 1).Stream(3, EntryKind.StreamReset, 1));
        Add("credit of a stream that is not open", Defined().StreamCredit(1, 100_000));
        Add("credit of a stream that was not verified", Opened().StreamCredit(3, 100_000));
        return data;
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void Violation_EndsTheSession(string name, byte[] record)
    {
        foreach (var signed in new[] { true, false })
        {
            var pair = new SessionPair(signed);
            pair.Handle(pair.A, record).Should().BeFalse(name);
            pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DataBeyondTheCreditOfAStream_EndsTheSession(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.A.Consumes = false;
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Stream(1, EntryKind.StreamOpen, 1).Record).Should().BeTrue();
        ulong number = 2;
        for (var sent = 0; sent < WireLimits.InitialStreamWindow; sent += 1 << 13)
            pair.Handle(pair.A, new RecordBuilder().Stream(number++, EntryKind.StreamData, 1, new byte[1 << 13]).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().Stream(number, EntryKind.StreamData, 1, [1]).Record).Should().BeFalse();
    }

    [Fact]
    public void DataBeyondTheCreditOfAllStreams_EndsTheSession()
    {
        var pair = new SessionPair(signed: false);
        pair.A.Consumes = false;
        var open = new RecordBuilder().Protocol(1, "p");
        for (ulong i = 0; i < 8; i++)
            open.Stream(i + 1, EntryKind.StreamOpen, i * 2 + 1);
        pair.Handle(pair.A, open.Record).Should().BeTrue();
        // The openings were consumed at once, and their credit was not announced.
        var cost = 8 * WireLimits.Cost(0);
        ulong number = 9;
        bool handled;
        do
        {
            handled = pair.Handle(pair.A, new RecordBuilder().Stream(number, EntryKind.StreamData, (number - 9) % 8 * 2 + 1, new byte[1 << 13]).Record);
            number++;
            cost += WireLimits.Cost(1 << 13);
            handled.Should().Be(cost <= WireLimits.InitialWindow);
        }
        while (handled);
        number.Should().BeGreaterThan(30);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void StreamsWithoutEnd_EndTheSession_WithBoundedMemory(bool signed)
    {
        var pair = new SessionPair(signed);
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Record).Should().BeTrue();
        var opened = 0UL;
        while (pair.Handle(pair.A, new RecordBuilder().Stream(opened + 1, EntryKind.StreamOpen, opened * 2 + 1).Record))
        {
            opened++;
            pair.Write(pair.A);
        }

        // Twice the bound: a stream may be over at the remote, and its acknowledgement to us under way.
        opened.Should().Be((ulong)WireLimits.MaxStreams * 2);
        pair.A.Closed.Code.Should().Be((int)GoodbyeCode.ProtocolViolation);
    }

    [Fact]
    public void CreditThatFalls_OrIsAbsurd_ChangesNothing()
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        pair.Run();
        pair.Handle(pair.A, new RecordBuilder().StreamCredit(stream.Id, 1).Record).Should().BeTrue("credit may come late");
        pair.Handle(pair.A, new RecordBuilder().StreamCredit(stream.Id, (1UL << 62) - 1).Record).Should().BeTrue("it is the remote's own risk");
        pair.A.Machine.IsClosed.Should().BeFalse();
        pair.A.Machine.HeldBytes.Should().BeLessThan(1 << 20);
    }

    [Fact]
    public void LateCredit_OfAStreamThatIsOver_IsHarmless()
    {
        var pair = new SessionPair();
        var stream = pair.Open(pair.A);
        pair.A.Machine.Finish(stream, pair.Now);
        pair.Run();
        pair.B.Machine.Finish(pair.B.Opened.Single(), pair.Now);
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.A.Machine.Statistics.Streams.Should().Be(0);
        pair.Handle(pair.A, new RecordBuilder().StreamCredit(stream.Id, 1 << 20).Record).Should().BeTrue();
        pair.Handle(pair.A, new RecordBuilder().StreamCredit(stream.Id + 2, 1 << 20).Record).Should().BeFalse("that one never was");
    }

    [Fact]
    public void ResetCode_BeyondAnInteger_IsCut()
    {
        var pair = new SessionPair(signed: false);
        var code = Enumerable.Repeat((byte)0xFF, 8).ToArray();
        pair.Handle(pair.A, new RecordBuilder().Protocol(1, "p").Stream(1, EntryKind.StreamOpen, 1).Stream(2, EntryKind.StreamReset, 1, code).Record).Should().BeTrue();
        pair.A.Log(pair.A.Opened.Single()).ResetCode.Should().Be(int.MaxValue);
    }
}
