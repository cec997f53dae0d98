using Crust.Primitives;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session.Circuits;

/// <summary>Circuits on the machine of a session.</summary>
public sealed class CircuitSessionTests
{
    private readonly SessionPair _pair = new();

    [Theory]
    [InlineData((byte)FrameType.CircuitOpen)]
    [InlineData((byte)FrameType.CircuitData)]
    [InlineData((byte)FrameType.CircuitCredit)]
    [InlineData((byte)FrameType.CircuitClose)]
    public void BetweenTwoPeers_TheirFramesBreakTheProtocol(byte type)
    {
        _pair.A.Machine.Handle(_pair.A.Machine.ActiveLink!, [type, 2, 0, 0, 0], _pair.Now).Should().BeFalse();

        _pair.A.Machine.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Record_CarriesTheSessionsOwnFirst_ThenCircuits()
    {
        var carrier = new Carrier();
        var circuit = carrier.Circuits.TryOpen(CircuitPair.Caller, CircuitKind.Data, [])!;
        carrier.Circuits.Append(circuit, new byte[30_000]);
        _pair.A.Machine.Circuits = carrier;
        _pair.Send(_pair.A, new byte[5_000]);
        var record = new byte[16 << 10];

        var length = _pair.A.Machine.PollRecord(_pair.A.Machine.ActiveLink!, record, _pair.Now, _pair.UnixMilliseconds);

        record[0].Should().NotBe((byte)FrameType.CircuitOpen);
        length.Should().BeGreaterThan(record.Length - 600, "circuits fill the rest");
        circuit.Sent.Should().BeInRange(10_000, 11_500);
        _pair.A.Machine.HasWork(_pair.A.Machine.ActiveLink!).Should().BeTrue();
    }

    [Fact]
    public void LinkThatIsLost_TakesItsCircuitsWithIt()
    {
        var carrier = new Carrier();
        _pair.A.Machine.Circuits = carrier;

        _pair.A.Machine.RemoveLink(_pair.A.Machine.ActiveLink!, _pair.Now);

        carrier.Lost.Should().Be(1);
        _pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        carrier.Lost.Should().Be(2, "whatever was opened meanwhile ends with the session");
    }

    private sealed class Carrier : ICircuitCarrier
    {
        internal CircuitSet Circuits { get; } = new(opensEven: true);

        internal int Lost { get; private set; }

        public bool HasWork => Circuits.HasWork;

        public bool TryHandle(FrameType type, ref SpanReader reader, Instant now) => Circuits.TryHandle(type, ref reader, out _);

        public void Write(ref SpanWriter writer) => Circuits.Write(ref writer, []);

        public void HandleLinkLost() => Lost++;
    }
}
