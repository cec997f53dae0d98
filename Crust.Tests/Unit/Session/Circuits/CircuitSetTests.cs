using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session.Circuits;

public sealed class CircuitSetTests
{
    private readonly CircuitPair _pair = new();

    [Fact]
    public void Data_ArrivesWholeAndInOrder_AndTheEndBehindIt()
    {
        var circuit = _pair.Open(token: [1, 2, 3]);
        var sent = Bytes(50_000);
        _pair.A.Append(circuit, sent.AsSpan(0, 10));
        _pair.A.Append(circuit, sent.AsSpan(10));
        _pair.A.Close(circuit, CircuitCode.Normal, atOnce: false);
        _pair.A.Append(circuit, [1]);

        _pair.Run();

        _pair.OpenedAtB.Should().ContainSingle().Which.Peer.Should().Be(CircuitPair.Caller);
        _pair.Received[circuit.Id].Should().Equal(sent);
        _pair.Ended.Should().Equal((circuit.Id, CircuitCode.Normal));
        (_pair.A.Count, _pair.B.Count, _pair.A.HasWork, _pair.B.HasWork).Should().Be((0, 0, false, false));
    }

    [Fact]
    public void Sender_StopsAtItsCredit_AndGoesOnWithMore()
    {
        var circuit = _pair.Open();
        _pair.A.Append(circuit, Bytes(100_000));
        _pair.Run();

        _pair.Received[circuit.Id].Should().HaveCount(CircuitLimits.InitialWindow);
        _pair.A.HasWork.Should().BeFalse();

        _pair.B.Grant(_pair.OpenedAtB[0], 80_000);
        _pair.Run();
        _pair.Received[circuit.Id].Should().HaveCount(80_000);
        _pair.B.Grant(_pair.OpenedAtB[0], 100_000);
        _pair.Run();
        _pair.Received[circuit.Id].Should().Equal(Bytes(100_000));
    }

    [Fact]
    public void Hog_TakesNoMoreThanItsTurn()
    {
        var hog = _pair.Open();
        var others = Enumerable.Range(0, 3).Select(_ => _pair.Open()).ToList();
        _pair.Run();
        foreach (var circuit in _pair.OpenedAtB)
            _pair.B.Grant(circuit, 8 << 20);
        _pair.Run();
        for (var i = 0; i < 128; i++)
            _pair.A.Append(hog, Bytes(32 << 10));
        foreach (var other in others)
            _pair.A.Append(other, Bytes(256 << 10));

        while (others.Exists(o => o.Queue.Length > 0))
            _pair.Deliver(_pair.A, 60_000);

        var most = _pair.Received[hog.Id].Count;
        most.Should().BeCloseTo(256 << 10, 2 * CircuitLimits.Quantum, "each had the same turns");
    }

    [Fact]
    public void ShortOnes_PassBetweenTheTurnsOfALongOne()
    {
        var long1 = _pair.Open();
        var short1 = _pair.Open();
        _pair.Run();
        _pair.A.Append(long1, Bytes(64 << 10));
        _pair.A.Append(short1, Bytes(100));

        _pair.Run(64 << 10);

        _pair.Order.FindIndex(o => o.Id == short1.Id).Should().BeLessThanOrEqualTo(1);
    }

    [Fact]
    public void DataBeyondTheCredit_EndsTheCircuit_AndNoOther()
    {
        var circuit = _pair.Open();
        var other = _pair.Open();
        _pair.Run();
        var record = new byte[40_000];
        var writer = new SpanWriter(record);
        CircuitDataFrame.Reserve(ref writer, circuit.Id, 35_000);
        _pair.Handle(_pair.B, writer.Written).Should().BeTrue();

        _pair.Handle(_pair.B, writer.Written).Should().BeTrue();

        _pair.Ended.Should().Equal((circuit.Id, CircuitCode.Misused));
        _pair.Run();
        _pair.Ended.Should().Equal((circuit.Id, CircuitCode.Misused), (circuit.Id, CircuitCode.Misused));
        _pair.A.Append(other, [1]);
        _pair.Run();
        _pair.Received[other.Id].Should().Equal(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(CircuitLimits.InitialWindow)]
    [InlineData(CircuitLimits.MaxCredit + 1)]
    [InlineData((1L << 62) - 1)]
    public void CreditThatCannotBe_EndsTheCircuit(long limit)
    {
        var circuit = _pair.Open();
        _pair.Run();
        var record = new byte[CircuitCreditFrame.MaxLength];
        var writer = new SpanWriter(record);
        new CircuitCreditFrame(circuit.Id, (ulong)limit).Write(ref writer);

        _pair.Handle(_pair.A, writer.Written).Should().BeTrue();

        _pair.Ended.Should().Equal((circuit.Id, CircuitCode.Misused));
        circuit.SendLimit.Should().Be(CircuitLimits.InitialWindow);
    }

    [Theory]
    [InlineData((byte)FrameType.CircuitData)]
    [InlineData((byte)FrameType.CircuitCredit)]
    [InlineData((byte)FrameType.CircuitClose)]
    public void FramesOfCircuitsThatNeverWere_BreakTheProtocol(byte type)
    {
        _pair.Open();
        _pair.Run();
        foreach (var id in new ulong[] { 0, 1, 4, 1000 })
            _pair.Handle(_pair.B, Frame((FrameType)type, id)).Should().BeFalse($"circuit {id} never was");
    }

    [Theory]
    [InlineData((byte)FrameType.CircuitData)]
    [InlineData((byte)FrameType.CircuitCredit)]
    [InlineData((byte)FrameType.CircuitClose)]
    public void FramesOfCircuitsThatAreOver_AreDropped(byte type)
    {
        var circuit = _pair.Open();
        _pair.Run();
        _pair.A.Close(circuit, CircuitCode.Normal, atOnce: true);
        _pair.Run();
        var ended = _pair.Ended.Count;

        _pair.Handle(_pair.A, Frame((FrameType)type, circuit.Id)).Should().BeTrue();
        _pair.Handle(_pair.B, Frame((FrameType)type, circuit.Id)).Should().BeTrue();

        (_pair.Ended.Count, _pair.A.Count, _pair.B.Count, _pair.A.HasWork, _pair.B.HasWork).Should().Be((ended, 0, 0, false, false));
    }

    [Fact]
    public void OpeningsWithoutEnd_AreRefused_AndThenBreakTheProtocol()
    {
        var isTolerated = true;
        var opened = 0;
        for (ulong id = 2; isTolerated; id += 2)
        {
            isTolerated = _pair.Handle(_pair.B, Open(id));
            opened++;
        }

        _pair.B.Count.Should().Be(CircuitLimits.MaxPerHop);
        opened.Should().Be(CircuitLimits.MaxPerHop + CircuitLimits.MaxRefusals + 1);
    }

    /// <summary>A circuit that both ends had given up was counted nowhere, and waited for the next record: a remote that did not read filled the memory.</summary>
    [Fact]
    public void OpenedAndClosedWithoutEnd_WhileNothingIsWritten_BreaksTheProtocol()
    {
        var opened = 0;
        for (ulong id = 2; _pair.Handle(_pair.B, Open(id)); id += 2)
        {
            (++opened).Should().BeLessThan(4 * CircuitLimits.MaxPerHop);
            if (_pair.OpenedAtB[^1].Id == id)
                _pair.B.Close(_pair.OpenedAtB[^1], CircuitCode.Busy, atOnce: true);
            var close = new byte[CircuitCloseFrame.MaxLength];
            var writer = new SpanWriter(close);
            new CircuitCloseFrame(id, CircuitCode.Busy).Write(ref writer);
            _pair.Handle(_pair.B, close.AsSpan(0, writer.Position)).Should().BeTrue();
        }

        _pair.B.Count.Should().Be(0);
        opened.Should().Be((2 * CircuitLimits.MaxPerHop) + CircuitLimits.MaxRefusals);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void OpeningWithAnIdOfOurs_OrAnOldOne_BreaksTheProtocol(ulong id)
    {
        _pair.Handle(_pair.B, Open(2)).Should().BeTrue();

        _pair.Handle(_pair.B, Open(id)).Should().BeFalse();
    }

    [Fact]
    public void LinkLost_EndsEveryCircuit_AndHoldsNothing()
    {
        var circuits = Enumerable.Range(0, 5).Select(_ => _pair.Open()).ToList();
        circuits.ForEach(c => _pair.A.Append(c, Bytes(1000)));

        _pair.A.EndAll().Should().BeEquivalentTo(circuits);

        (_pair.A.Count, _pair.A.QueuedBytes, _pair.A.HasWork).Should().Be((0, 0, false));
        CircuitPair.Poll(_pair.A).Should().BeEmpty();
    }

    [Fact]
    public void Anything_EndsSomehow()
    {
        // A remote that says whatever the bytes mean: nothing throws, and what it can make us hold is bounded.
        for (var seed = 1UL; seed <= 300; seed++)
        {
            var random = new DeterministicRandom(seed);
            var set = new CircuitSet(opensEven: true);
            var ours = set.TryOpen(CircuitPair.Caller, CircuitKind.Data, [])!;
            set.Append(ours, Bytes(1000));
            for (var i = 0; i < 200; i++)
            {
                var frame = random.Next(5) switch
                {
                    0 => Open((ulong)random.Next(40)),
                    1 => Frame(FrameType.CircuitData, (ulong)random.Next(40)),
                    2 => Frame(FrameType.CircuitCredit, (ulong)random.Next(40)),
                    3 => Frame(FrameType.CircuitClose, (ulong)random.Next(40)),
                    _ => Bytes(random.Next(30)),
                };
                if (frame.Length > 2 && random.Next(4) == 0)
                    frame = frame[..random.Next(frame.Length)];
                if (frame.Length == 0)
                    continue;
                var reader = new SpanReader(frame.AsSpan(1));
                if (!set.TryHandle((FrameType)frame[0], ref reader, out _))
                    break;
                CircuitPair.Poll(set, 512);
            }

            set.Count.Should().BeLessThanOrEqualTo(CircuitLimits.MaxPerHop);
        }
    }

    private static byte[] Open(ulong id)
    {
        var record = new byte[CircuitOpenFrame.MaxLength];
        var writer = new SpanWriter(record);
        new CircuitOpenFrame(id, CircuitKind.Data, CircuitPair.Caller, []).Write(ref writer);
        return record[..writer.Position];
    }

    private static byte[] Frame(FrameType type, ulong id)
    {
        var record = new byte[64];
        var writer = new SpanWriter(record);
        if (type == FrameType.CircuitData)
            CircuitDataFrame.Reserve(ref writer, id, 5);
        else if (type == FrameType.CircuitCredit)
            new CircuitCreditFrame(id, 100_000).Write(ref writer);
        else
            new CircuitCloseFrame(id, CircuitCode.Normal).Write(ref writer);
        return record[..writer.Position];
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => unchecked((byte)(i * 7)))];
}
