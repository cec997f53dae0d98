using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Nat.HolePunching;
using Crust.Session.Driver;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>What gateways learn of their peers' attempts to open direct paths.</summary>
[Trait("speed", "slow")]
public sealed class AttemptReportTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BothSides_TellTheirGateway_UnlessTheyAreNotTo(bool callerTells)
    {
        await using var world = await RelayWorld.StartAsync(gateways: 2);
        using var here = new Listening(world.Gateways[0].Attempts);
        using var there = new Listening(world.Gateways[1].Attempts);
        var caller = await world.NodeAsync(0, PathPolicy.DirectOnly, o => (o.PublishesNothing, o.ReportAttempts) = (true, callerTells));
        var callee = await world.NodeAsync(1, PathPolicy.DirectOnly, static o => o.PublishesNothing = true);

        await caller.ConnectAsync(callee.Id, TestContext.Current.CancellationToken);

        // The attempt is counted before its time is.
        await Eventually.HoldsAsync(() => there.Has("linked") && !there.Durations.IsEmpty, "the callee tells");
        if (callerTells)
            await Eventually.HoldsAsync(() => here.Has("linked"), "the caller tells");
        else
            here.Attempts.Should().BeEmpty();
        there.Durations.Should().NotBeEmpty().And.OnlyContain(static seconds => seconds > 0 && seconds < 30);
        there.Attempts.Should().OnlyContain(static tags => tags.Length == 5, "protocol, both NATs, strategy and outcome, and nothing that tells peers apart");
    }

    [Fact]
    public async Task ReportsWithoutEnd_OrOutOfBounds_CountForLittle()
    {
        await using var world = await RelayWorld.StartAsync();
        using var listening = new Listening(world.Gateways[0].Attempts);
        var node = await world.NodeAsync(0);
        var session = node.Connections[0].Session;
        var good = new GatewayEnvelope { PunchReport = ReportCodec.Write(new AttemptReport { Failure = PunchFailure.TimedOut }) }.ToByteArray();
        var bad = new GatewayEnvelope { PunchReport = new PunchReport { Strategy = 99 } }.ToByteArray();

        await session.Sender.SendAsync(GatewayCodec.Protocol, bad, SessionDriver.DefaultPriority, TestContext.Current.CancellationToken);
        for (var i = 0; i < 500; i++)
            await session.Sender.SendAsync(GatewayCodec.Protocol, good, SessionDriver.DefaultPriority, TestContext.Current.CancellationToken);
        await session.Sender.SendAndConfirmAsync(GatewayCodec.Protocol, good, SessionDriver.DefaultPriority, TestContext.Current.CancellationToken);

        // What is confirmed is not handled yet.
        await Eventually.HoldsAsync(() => listening.Attempts.Count >= 15, "twenty are counted, and one a second");
        await node.ConnectionOf(session).PingAsync(TestContext.Current.CancellationToken);
        listening.Has("timed-out").Should().BeTrue();
        listening.Attempts.Count.Should().BeLessThanOrEqualTo(40);
        listening.Malformed.Should().Be(1);
    }

    /// <summary>What a gateway's meter measured.</summary>
    private sealed class Listening : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _malformed;

        internal Listening(AttemptMetrics metrics)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == metrics.Meter)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (instrument.Name == AttemptMetrics.AttemptsName)
                    Attempts.Add(tags.ToArray());
                else
                    Interlocked.Add(ref _malformed, value);
            });
            _listener.SetMeasurementEventCallback<double>((_, value, _, _) => Durations.Add(value));
            _listener.Start();
        }

        internal ConcurrentBag<KeyValuePair<string, object?>[]> Attempts { get; } = [];

        internal ConcurrentBag<double> Durations { get; } = [];

        internal long Malformed => Interlocked.Read(ref _malformed);

        internal bool Has(string outcome) => Attempts.Any(tags => tags.Contains(new KeyValuePair<string, object?>("crust.outcome", outcome)));

        public void Dispose() => _listener.Dispose();
    }
}
