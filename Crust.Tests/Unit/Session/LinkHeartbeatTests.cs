using Crust.Primitives;
using Crust.Session.Links;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class LinkHeartbeatTests
{
    private readonly LinkHeartbeat _heartbeat = new(TimeSpan.FromSeconds(20), default);

    [Fact]
    public void Ping_IsDueAfterEachIntervalOfSilence()
    {
        _heartbeat.Deadline.Should().Be(At(20));
        _heartbeat.HandleTimeout(At(19));
        Write(At(19)).Should().BeEmpty();
        _heartbeat.HandleTimeout(At(20));
        _heartbeat.Deadline.Should().Be(At(40), "an unwritten ping must not keep the driver spinning");
        Write(At(20)).Should().Equal(5, 0, 0, 0, 0, 0, 0, 0, 1);
        _heartbeat.HandleTimeout(At(40));
        Write(At(40)).Should().Equal(5, 0, 0, 0, 0, 0, 0, 0, 2);
        _heartbeat.HandleReceived(At(50));
        _heartbeat.Deadline.Should().Be(At(70));
    }

    [Fact]
    public void Pong_CountsOnce_AndOnlyForTheNewestPing()
    {
        _heartbeat.RequestPing();
        Write(At(1));
        _heartbeat.HandlePong(2, At(2)).Should().BeFalse("nobody sent that");
        _heartbeat.Rtt.Smoothed.Should().BeNull();
        _heartbeat.HandlePong(1, At(3)).Should().BeTrue();
        _heartbeat.Rtt.Smoothed.Should().Be(TimeSpan.FromSeconds(2));
        _heartbeat.HandlePong(1, At(9)).Should().BeFalse();
        _heartbeat.Rtt.Latest.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Flood_CostsOnePong_ForTheNewest()
    {
        for (ulong token = 1; token <= 100; token++)
            _heartbeat.HandlePing(token);
        _heartbeat.IsDue.Should().BeTrue();
        Write(At(1)).Should().Equal(6, 0, 0, 0, 0, 0, 0, 0, 100);
        _heartbeat.IsDue.Should().BeFalse();
        Write(At(1)).Should().BeEmpty();
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
