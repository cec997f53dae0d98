using System.Net;
using System.Net.Sockets;
using Crust.Nat.Behavior;
using Crust.Nat.Behavior.Driver;
using Crust.Nat.Stun.Driver;
using Crust.Primitives.Driver;
using Crust.Udp;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Interop.Nat;

/// <summary>When a node looks at its NATs: time is the test's, sockets are this host's.</summary>
public sealed class NatObserverTests : IAsyncDisposable
{
    private readonly TwoClocks _time = new();
    private readonly StunNode _server = StunNode.Start(IPAddress.Parse("127.0.0.2"));
    private readonly StunSocket _socket = StunSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly NatObserver _observer;
    private int _looks;
    private int _networkChanges;
    // The first wait ended with the first look.
    private int _waited = 1;

    public NatObserverTests()
    {
        var options = new NatObserverOptions(() => _socket.Dispatcher, DatagramSockets.Bind, Tcp: null, Servers);
        _observer = new NatObserver(options, new MonotonicClock(_time), NullLogger.Instance);
        _observer.NetworkChanged += () => Interlocked.Increment(ref _networkChanges);
        _observer.Start();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ALook_IsMadeWhenItIsAskedFor_AndToldOnce()
    {
        var told = new List<NatReport>();
        _observer.Changed += told.Add;
        _observer.Report.Should().Be(NatReport.Unknown);
        await FirstLookAsync();
        _observer.Report.Udp.Should().Be(new NatProtocolReport(MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved, null, [_socket.Dispatcher.LocalEndPoint], null));
        _observer.Report.Tcp.Should().Be(NatProtocolReport.Unknown);
        _observer.Look();
        await Eventually.HoldsAsync(() => Volatile.Read(ref _looks) == 2, "it looks again");
        await _observer.DisposeAsync();
        told.Should().ContainSingle("the second look found the same").Which.Should().Be(_observer.Report);
        _networkChanges.Should().Be(0);
    }

    [Fact]
    public async Task AMachineThatWakes_Looks_AndSaysThatTheNetworkMayBeAnother()
    {
        await FirstLookAsync();
        _time.Asleep = TimeSpan.FromHours(9);
        await AdvanceUntilAsync(() => Volatile.Read(ref _looks) == 2, NatObserver.ClockInterval * 4);
        Volatile.Read(ref _networkChanges).Should().Be(1);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task WhereNothingHappens_ItLooksOnceAnHour()
    {
        await FirstLookAsync();
        var start = _time.GetUtcNow();
        await AdvanceUntilAsync(() => Volatile.Read(ref _looks) == 2, NatObserver.Interval * 2);
        (_time.GetUtcNow() - start).Should().BeGreaterThanOrEqualTo(NatObserver.Interval);
        Volatile.Read(ref _networkChanges).Should().Be(0);
    }

    public async ValueTask DisposeAsync()
    {
        await _observer.DisposeAsync();
        _socket.Dispose();
        await _server.DisposeAsync();
    }

    private async Task FirstLookAsync()
    {
        _observer.Look();
        await Eventually.HoldsAsync(() => _time.Starts == 1, "the connection that the process was started for has the processors to itself");
        _observer.Report.Should().Be(NatReport.Unknown);
        _time.Advance(NatObserver.StartDelay);
        await _observer.FirstLook.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    /// <summary>
    /// Moves time on when the observer waits for it, one comparison of the clocks at a time. Time that went on before it waited would be lost to it, and time that goes on while it reads one
    /// clock after the other looks like sleep.
    /// </summary>
    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan most)
    {
        for (var passed = TimeSpan.Zero; passed < most && !condition(); passed += NatObserver.ClockInterval)
        {
            await Eventually.HoldsAsync(() => _time.Comparisons > _waited || condition(), "it waits to compare the clocks");
            _waited = _time.Comparisons;
            _time.Advance(NatObserver.ClockInterval);
        }

        await Eventually.HoldsAsync(condition, "it looks");
    }

    private IReadOnlyList<NatServer> Servers(bool isTcp, AddressFamily family)
    {
        if (isTcp || family != AddressFamily.InterNetwork)
            return [];
        Interlocked.Increment(ref _looks);
        return [NatServer.Of(_server.Udp, _server.Info, isTcp: false)];
    }

    /// <summary>The time of day, which goes on while the machine sleeps, and the monotonic clock, which does not.</summary>
    private sealed class TwoClocks : FakeTimeProvider
    {
        internal TimeSpan Asleep { get; set; }

        /// <summary>How often somebody began to wait for the next comparison of the clocks.</summary>
        internal int Comparisons => Volatile.Read(ref _comparisons);

        /// <summary>How often somebody began to wait before the first look.</summary>
        internal int Starts => Volatile.Read(ref _starts);

        private int _comparisons, _starts;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Asleep;

        // The base class makes it of the time of day as this class tells it.
        public override long GetTimestamp() => base.GetUtcNow().Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == NatObserver.ClockInterval)
                Interlocked.Increment(ref _comparisons);
            if (dueTime == NatObserver.StartDelay)
                Interlocked.Increment(ref _starts);
            return timer;
        }
    }
}
