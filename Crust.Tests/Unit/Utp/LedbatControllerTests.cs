using Crust.Utp.Congestion;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

/// <summary>What the congestion window does with single events; what it does to a link is told in Simulation/Datagrams.</summary>
public sealed class LedbatControllerTests
{
    private const int PacketLength = 1472;
    private const int MinRtt = 50_000;

    private readonly LedbatController _controller = new();
    private long _now = 1_000_000;

    public LedbatControllerTests() => _controller.Begin(PacketLength);

    [Fact]
    public void LossesThatWereNone_GiveTheWindowBack()
    {
        Grow();
        var before = _controller.WindowBytes;
        _controller.Lost(3, isNew: true, Sample(20_000)).Should().BeTrue();
        _controller.WindowBytes.Should().BeLessThan(before);

        _controller.Spurious(2);
        _controller.WindowBytes.Should().BeLessThan(before, "one of them is still lost");
        _controller.Spurious(1);

        _controller.WindowBytes.Should().Be(before);
    }

    [Fact]
    public void ATimeoutThatWasNone_GivesTheWindowBack()
    {
        Grow();
        var before = _controller.WindowBytes;
        _controller.TimedOut(40, PacketLength);
        _controller.WindowBytes.Should().Be(2 * PacketLength);

        _controller.Spurious(40);

        _controller.WindowBytes.Should().Be(before);
    }

    [Fact]
    public void ALossThatIsOne_StaysOne()
    {
        Grow();
        _controller.Lost(1, isNew: true, Sample(20_000)).Should().BeTrue();
        var after = _controller.WindowBytes;
        // A second one of the same round trip changes nothing, and is one more that would have to come.
        _controller.Lost(1, isNew: false, Sample(20_000)).Should().BeFalse();

        _controller.Spurious(1);

        _controller.WindowBytes.Should().Be(after);
    }

    private void Grow()
    {
        for (var i = 0; i < 200; i++)
            _controller.Acknowledged(Sample(20_000));
        _controller.IsSlowStart.Should().BeFalse();
    }

    private CongestionSample Sample(int queueingDelay)
    {
        _now += 5_000;
        return new CongestionSample(10 * PacketLength, 10, queueingDelay, PacketLength, IsLimited: true, MinRtt + queueingDelay, MinRtt + queueingDelay, MinRtt, _now);
    }
}
