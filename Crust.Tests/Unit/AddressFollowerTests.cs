using System.Threading.Channels;
using Crust.Identity;
using Crust.Session.Driver;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Unit;

public sealed class AddressFollowerTests : IAsyncDisposable
{
    private readonly CountingTime _time = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Channel<ISignalling> _looks = Channel.CreateUnbounded<ISignalling>();
    private readonly Relayed _session = new();
    private readonly AddressFollower _follower;
    private Func<Task> _lookTakes = static () => Task.CompletedTask;

    public AddressFollowerTests() => _follower = new AddressFollower(LookAsync, _time, _stopped.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _follower.DisposeAsync();
        _stopped.Dispose();
    }

    [Fact]
    public async Task RelayedSession_IsLookedAfter_AtGrowingIntervals()
    {
        _follower.Watch(_session);

        foreach (var seconds in new[] { 1, 2, 3, 5, 10, 20, 40, 60, 60, 60 })
            (await NextLookAsync()).Should().Be(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task DirectSession_IsLeftAlone()
    {
        _session.WantsDirect = false;

        _follower.Watch(_session);

        await _follower.DisposeAsync();
        _session.Asked.Should().Be(1);
        _time.Set.Should().Be(0, "nothing waits for it");
    }

    [Fact]
    public async Task SessionThatBecameDirect_IsLookedAfterNoMore_UntilItFallsBack()
    {
        _follower.Watch(_session);
        await NextLookAsync();
        await NextLookAsync();
        await Eventually.HoldsAsync(() => _time.Set > _time.WentOff, "it pauses");
        _session.WantsDirect = false;
        var asked = _session.Asked;

        _time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(() => _session.Asked == asked + 2, "it is asked, and once more when that has ended");
        _looks.Reader.Count.Should().Be(0, "nobody was looked up");
        _session.WantsDirect = true;
        _follower.Watch(_session);

        (await NextLookAsync()).Should().Be(TimeSpan.FromSeconds(1), "it begins anew");
    }

    [Fact]
    public async Task WatchedTwice_IsLookedAfterOnce()
    {
        _follower.Watch(_session);
        _follower.Watch(_session);

        await NextLookAsync();
        await NextLookAsync();

        _looks.Reader.Count.Should().Be(0);
    }

    [Fact]
    public async Task LookThatTakesLong_IsNotOvertakenByTheNext()
    {
        var slow = new TaskCompletionSource();
        _lookTakes = () => slow.Task;
        _follower.Watch(_session);
        await NextLookAsync();

        _time.Advance(TimeSpan.FromMinutes(10));
        _looks.Reader.Count.Should().Be(0, "the first is under way");
        slow.SetResult();

        (await NextLookAsync()).Should().Be(TimeSpan.FromSeconds(2), "the pause begins when it has ended");
    }

    [Fact]
    public async Task Disposal_EndsWhatWaits_AndNothingBeginsAfterwards()
    {
        _follower.Watch(_session);
        await _stopped.CancelAsync();

        await _follower.DisposeAsync().AsTask().WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        _follower.Watch(_session);
        _time.Advance(TimeSpan.FromMinutes(10));

        await _follower.DisposeAsync();
        _looks.Reader.Count.Should().Be(0);
    }

    private async Task LookAsync(ISignalling session, CancellationToken cancellationToken)
    {
        _looks.Writer.TryWrite(session);
        await _lookTakes().WaitAsync(cancellationToken);
    }

    /// <summary>Lets time go by until the next look; how much it took, in whole seconds.</summary>
    private async Task<TimeSpan> NextLookAsync()
    {
        var start = _time.GetUtcNow();
        // The pause begins on another thread, when the look before has ended.
        await Eventually.HoldsAsync(() => _time.Set > _time.WentOff, "it pauses");
        for (var before = _time.WentOff; _time.WentOff == before;)
            _time.Advance(TimeSpan.FromSeconds(1));
        await _looks.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        return _time.GetUtcNow() - start;
    }

    /// <summary>Knows how many timers were set, and how many went off.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int _set, _wentOff;

        internal int Set => Volatile.Read(ref _set);

        internal int WentOff => Volatile.Read(ref _wentOff);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(
                s =>
                {
                    Interlocked.Increment(ref _wentOff);
                    callback(s);
                },
                state, dueTime, period);
            // Not before: whoever sees it lets time go by, and a timer that is set after that is late.
            Interlocked.Increment(ref _set);
            return timer;
        }
    }

    /// <summary>A session that goes over a gateway.</summary>
    private sealed class Relayed : ISignalling
    {
        private int _asked;
        private volatile bool _wantsDirect = true;

        internal int Asked => Volatile.Read(ref _asked);

        public bool WantsDirect
        {
            get
            {
                Interlocked.Increment(ref _asked);
                return _wantsDirect;
            }
            internal set => _wantsDirect = value;
        }

        public PeerId Remote => default;

        public byte[] CheckSecret => [];

        public TimeSpan? RoundTrip => null;

        public SessionDriver? Hop => null;

        public TimeSpan LongestPause => Timeout.InfiniteTimeSpan;

        public bool TrySignal(string protocol, ReadOnlySpan<byte> message) => false;
    }
}
