using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class SessionDatagramTests
{
    [Fact]
    public void Datagram_Arrives_Unsigned_AndBeforeWhatIsQueued()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[2000]);
        pair.A.Machine.TrySendDatagram("position", [1, 2]).Should().BeTrue();
        pair.Run();
        var datagram = pair.B.Of(SessionEventKind.DatagramReceived).Single();
        (datagram.Protocol, datagram.IsSigned, datagram.Evidence).Should().Be(("position", false, null));
        datagram.Payload.Should().Equal(1, 2);
        pair.B.Events.FindIndex(e => e.Kind == SessionEventKind.DatagramReceived).Should().BeLessThan(pair.B.Events.FindIndex(e => e.Kind == SessionEventKind.MessageReceived));
        pair.B.Machine.HeldBytes.Should().Be(0, "it was consumed");
    }

    [Theory]
    [InlineData("", 1, false)]
    [InlineData("bad\tname", 1, false)]
    [InlineData("ümlaut", 1, false)]
    [InlineData("p", 0, true)]
    [InlineData("p", WireLimits.MaxDatagramLength, true)]
    [InlineData("p", WireLimits.MaxDatagramLength + 1, false)]
    public void Datagram_IsAdmitted_ByNameAndLength(string protocol, int length, bool admitted)
    {
        var pair = new SessionPair();
        pair.A.Machine.TrySendDatagram(protocol, new byte[length]).Should().Be(admitted);
        pair.Run();
        pair.B.Of(SessionEventKind.DatagramReceived).Should().HaveCount(admitted ? 1 : 0);
    }

    [Fact]
    public void Datagram_HasNoRoom_WithoutALink_OrAfterTheEnd()
    {
        var pair = new SessionPair();
        pair.Lose(pair.A.Newest.Link);
        pair.A.Machine.TrySendDatagram("p", [1]).Should().BeFalse();
        pair.AddPromised();
        pair.A.Machine.TrySendDatagram("p", [2]).Should().BeTrue();
        pair.Run();
        pair.B.Of(SessionEventKind.DatagramReceived).Single().Payload.Should().Equal(2);
        pair.A.Machine.Abort(GoodbyeCode.Normal, "");
        pair.A.Machine.TrySendDatagram("p", [3]).Should().BeFalse();
    }

    [Fact]
    public void Queue_KeepsTheNewest()
    {
        var pair = new SessionPair();
        for (byte i = 0; i < DatagramQueue.MaxQueued + 10; i++)
            pair.A.Machine.TrySendDatagram("p", [i]).Should().BeTrue();
        pair.Run();
        pair.B.Of(SessionEventKind.DatagramReceived).Select(d => (int)d.Payload[0]).Should().Equal(Enumerable.Range(10, DatagramQueue.MaxQueued));
    }

    [Fact]
    public void LostDatagram_IsNotSentAgain()
    {
        var pair = new SessionPair();
        pair.A.Machine.TrySendDatagram("p", [1]).Should().BeTrue();
        pair.PollOne(pair.A).Should().BeTrue();
        pair.ChangeLink();
        pair.Advance(TimeSpan.FromSeconds(1));
        pair.B.Of(SessionEventKind.DatagramReceived).Should().BeEmpty();
        pair.A.Machine.HeldBytes.Should().Be(0);
    }

    [Fact]
    public void Flood_LeavesNothingBehind_OnceItIsReturned()
    {
        // Nobody gave credit for them: whoever takes them bounds them, and returns what is too much.
        var pair = new SessionPair();
        pair.B.Takes = _ => pair.B.Held.Count >= 100;
        for (var i = 0; i < 2000; i++)
        {
            pair.A.Machine.TrySendDatagram("p", new byte[1000]).Should().BeTrue();
            pair.Run();
        }

        pair.B.Of(SessionEventKind.DatagramReceived).Should().HaveCount(2000);
        pair.B.Machine.HeldBytes.Should().BeInRange(100_000, 400_000);
        pair.B.ConsumeHeld(pair.Now);
        pair.B.Machine.HeldBytes.Should().Be(0);
    }
}
