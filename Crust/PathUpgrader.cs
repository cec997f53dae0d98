using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Nat.HolePunching;
using Crust.Nat.HolePunching.Driver;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Looks for a direct way for sessions that go over a gateway, and for peers that want no session before there is one: at once, then at growing intervals, then for as long as the session lasts; anew when the network changes.
/// The lower id begins, then the higher, and so on: what one order of packets spoils in a NAT, the other may not. The session itself moves to what comes of it. Thread safe.
/// </summary>
internal sealed class PathUpgrader : IAsyncDisposable
{
    /// <summary>How long the remote is waited for whose turn it is. Ours: its attempt would have begun by then.</summary>
    private static readonly TimeSpan TurnWait = TimeSpan.FromSeconds(2);

    /// <summary>UDP's start over TCP, which most NATs treat worse. Ours: most attempts over UDP have succeeded by then.</summary>
    private static readonly TimeSpan TcpDelay = TimeSpan.FromSeconds(1.2);

    /// <summary>Pauses after attempts that failed; the last one is repeated.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 0.3, 1.0, 2, 5, 10, 20, 40, 60, 120, 300 }.Select(static s => TimeSpan.FromSeconds(s))];

    /// <summary>Where in <see cref="Pauses"/> a pair stands at once that physics keeps apart.</summary>
    private const int HardPause = 7;

    private readonly Puncher _puncher;
    private readonly TcpPuncher _tcp;
    private readonly PeerId _self;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopped;
    private readonly ConcurrentDictionary<ISignalling, Upgrade> _upgrading = new();

    internal PathUpgrader(Puncher puncher, TcpPuncher tcp, PeerId self, TimeProvider timeProvider, ILogger logger, CancellationToken stopped)
    {
        (_puncher, _tcp, _self, _timeProvider, _logger, _stopped) = (puncher, tcp, self, timeProvider, logger, stopped);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
        puncher.Ended += (talk, report) =>
        {
            if (_upgrading.TryGetValue(talk, out var upgrade))
                upgrade.AttemptEnded(report.Failure);
        };
    }

    /// <summary>Told of each turn that ended, theirs as well as ours. Must return soon.</summary>
    internal event Action<ISignalling, PunchFailure>? Turned;

    /// <summary>The session opened, or moved: perhaps it needs a better way. May be called again and again.</summary>
    internal void Watch(ISignalling talk)
    {
        if (_stopped.IsCancellationRequested || !talk.WantsDirect)
            return;
        var upgrade = _upgrading.GetOrAdd(talk, static _ => new Upgrade());
        upgrade.Start(() => Task.Run(() => UpgradeAsync(talk, upgrade), CancellationToken.None));
    }

    /// <summary>The network changed: what failed before may work now.</summary>
    internal void NetworkChanged()
    {
        foreach (var upgrade in _upgrading.Values)
            upgrade.Restart();
    }

    /// <summary>Ends once nothing is tried any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        foreach (var upgrade in _upgrading.Values)
            await upgrade.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnAddressChanged(object? sender, EventArgs e) => NetworkChanged();

    private async Task UpgradeAsync(ISignalling talk, Upgrade upgrade)
    {
        var isLower = _self < talk.Remote;
        try
        {
            for (var turn = 0; talk.WantsDirect; turn++)
            {
                var isOurs = turn % 2 == 0 == isLower;
                var failure = isOurs ? null : await upgrade.WaitForRemoteAsync(TurnWait, () => _puncher.IsBusy(talk), _timeProvider, _stopped).ConfigureAwait(false);
                if (failure is null && talk.WantsDirect)
                    failure = await PunchAsync(talk, fresh: turn > 0).ConfigureAwait(false);
                if (failure is { } outcome)
                    Turned?.Invoke(talk, outcome);
                if (failure == PunchFailure.None)
                {
                    // The session moves by itself; if it does not, the link was no good.
                    await upgrade.PauseAsync(TurnWait, _timeProvider, _stopped).ConfigureAwait(false);
                    continue;
                }

                await upgrade.PauseAsync(NextPause(talk, upgrade, failure), _timeProvider, _stopped).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
#pragma warning disable CA1031 // A talk that cannot be improved goes on as it is.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.PunchFaulted(_logger, talk.Remote.ToShortString(), e);
        }
        finally
        {
            _upgrading.TryRemove(talk, out _);
        }

        // Fell back while we were about to end.
        Watch(talk);
    }

    /// <summary>Over UDP, and over TCP as well if that takes long or fails: whichever opens first carries the session.</summary>
    private async Task<PunchFailure> PunchAsync(ISignalling talk, bool fresh)
    {
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(_stopped);
        var udp = _puncher.PunchAsync(talk, fresh, decided.Token);
        await Task.WhenAny(udp, Task.Delay(TcpDelay, _timeProvider, _stopped)).ConfigureAwait(false);
        if (udp.IsCompletedSuccessfully && (await udp.ConfigureAwait(false)).Failure == PunchFailure.None)
            return PunchFailure.None;
        var tcp = _tcp.PunchAsync(talk, decided.Token);
        var first = await Task.WhenAny(udp, tcp).ConfigureAwait(false);
        if ((await first.ConfigureAwait(false)).Failure == PunchFailure.None)
        {
            await decided.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(udp, tcp)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return PunchFailure.None;
        }

        var (overUdp, overTcp) = ((await udp.ConfigureAwait(false)).Failure, (await tcp.ConfigureAwait(false)).Failure);
        return overTcp == PunchFailure.None ? overTcp : overUdp;
    }

    private static TimeSpan NextPause(ISignalling talk, Upgrade upgrade, PunchFailure? failure)
    {
        if (failure is PunchFailure.HardPair or PunchFailure.SprayNotAttested && upgrade.Failures < HardPause)
            upgrade.Failures = HardPause;
        var pause = Pauses[Math.Min(upgrade.Failures++, Pauses.Length - 1)];
        if (talk.LongestPause != Timeout.InfiniteTimeSpan && pause > talk.LongestPause)
            pause = talk.LongestPause;
        return pause * (0.8 + Random.Shared.NextDouble() * 0.4);
    }

    /// <summary>One session that is looked after.</summary>
    private sealed class Upgrade
    {
        private readonly Lock _gate = new();
        private TaskCompletionSource<PunchFailure> _ended = New<PunchFailure>();
        private TaskCompletionSource _restart = New();
        private bool _isStarted;

        internal Task Work { get; private set; } = Task.CompletedTask;

        /// <summary>Attempts that failed in a row.</summary>
        internal int Failures { get; set; }

        internal void Start(Func<Task> work)
        {
            lock (_gate)
            {
                if (_isStarted)
                    return;
                _isStarted = true;
                Work = work();
            }
        }

        internal void AttemptEnded(PunchFailure failure)
        {
            lock (_gate)
            {
                _ended.TrySetResult(failure);
            }
        }

        internal void Restart()
        {
            lock (_gate)
            {
                Failures = 0;
                _restart.TrySetResult();
                _restart = New();
            }
        }

        /// <summary>What became of the remote's attempt; null when it makes none.</summary>
        internal async Task<PunchFailure?> WaitForRemoteAsync(TimeSpan patience, Func<bool> isBusy, TimeProvider timeProvider, CancellationToken cancellationToken)
        {
            Task<PunchFailure> ended;
            lock (_gate)
            {
                if (_ended.Task.IsCompleted)
                    _ended = New<PunchFailure>();
                ended = _ended.Task;
            }

            while (true)
            {
                try
                {
                    return await ended.WaitAsync(patience, timeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException) when (isBusy())
                {
                    // It has begun: its end is bounded.
                }
                catch (TimeoutException)
                {
                    return null;
                }
            }
        }

        internal async Task PauseAsync(TimeSpan pause, TimeProvider timeProvider, CancellationToken cancellationToken)
        {
            Task restart;
            lock (_gate)
                restart = _restart.Task;
            try
            {
                await restart.WaitAsync(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // It is time.
            }
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
