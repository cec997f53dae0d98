using Crust.Primitives;
using Crust.Session;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class HeartbeatTests
{
    private readonly Heartbeat _heartbeat = new(SessionLimits.Default, default);

    [Fact]
    public void Ping_IsDueAfterEachIntervalOfSilence()
    {
        _heartbeat.Deadline.Should().Be(At(20));
        _heartbeat.HandleTimeout(At(19)).Should().BeFalse();
        Write(At(19)).Should().BeEmpty();
        _heartbeat.HandleTimeout(At(20)).Should().BeFalse();
        _heartbeat.Deadline.Should().Be(At(40), "an unwritten ping must not keep the driver spinning");
        Write(At(20)).Should().Equal(5, 0, 0, 0, 0, 0, 0, 0, 1);
        _heartbeat.HandleTimeout(At(40)).Should().BeFalse();
        Write(At(40)).Should().Equal(5, 0, 0, 0, 0, 0, 0, 0, 2);
        _heartbeat.HandleReceived(At(50));
        _heartbeat.Deadline.Should().Be(At(70));
        _heartbeat.HandleTimeout(At(169)).Should().BeFalse();
        _heartbeat.Deadline.Should().Be(At(170), "the end is nearer than the next ping");
        _heartbeat.HandleTimeout(At(170)).Should().BeTrue();
    }

    [Fact]
    public void Pong_CountsOnce_AndOnlyForTheNewestPing()
    {
        _heartbeat.RequestPing();
        Write(At(1));
        _heartbeat.HandlePong(2, At(2));
        _heartbeat.Rtt.Smoothed.Should().BeNull("nobody sent that");
        _heartbeat.HandlePong(1, At(3));
        _heartbeat.Rtt.Smoothed.Should().Be(TimeSpan.FromSeconds(2));
        _heartbeat.HandlePong(1, At(9));
        _heartbeat.Rtt.Latest.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void NewLink_ForgetsTheOldPath()
    {
        _heartbeat.RequestPing();
        Write(At(1));
        _heartbeat.HandlePing(77);
        _heartbeat.HandleLinkChanged(At(5));
        _heartbeat.HandlePong(1, At(6));
        _heartbeat.Rtt.Smoothed.Should().BeNull();
        Write(At(6)).Should().BeEmpty();
        _heartbeat.Deadline.Should().Be(At(25));
    }

    [Fact]
    public void Rtt_IsSmoothedAfterRfc6298()
    {
        var rtt = new RttEstimator();
        rtt.Add(TimeSpan.FromMilliseconds(100));
        (rtt.Smoothed, rtt.Variation).Should().Be((TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(50)));
        rtt.Add(TimeSpan.FromMilliseconds(180));
        // RTTVAR = 3/4 · 50 + 1/4 · |100 − 180|; SRTT = 7/8 · 100 + 1/8 · 180.
        (rtt.Smoothed, rtt.Variation).Should().Be((TimeSpan.FromMilliseconds(110), TimeSpan.FromMilliseconds(57.5)));
    }

    private static Instant At(int seconds) => new(seconds * 1_000_000L);

    private byte[] Write(Instant now)
    {
        var buffer = new byte[100];
        var writer = new SpanWriter(buffer);
        _heartbeat.Write(ref writer, now);
        return buffer[..writer.Position];
    }
}
