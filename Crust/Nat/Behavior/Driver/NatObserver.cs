using System.Net.NetworkInformation;
using System.Net.Sockets;
using Crust.Diagnostics;
using Crust.Nat.Stun.Driver;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Nat.Behavior.Driver;

/// <summary>
/// Keeps a node's <see cref="NatReport"/>: looks when it is told to (the node attached), when the host's addresses change, when the machine slept, and rarely
/// otherwise. One protocol after the other, so that one's new mappings do not disturb what the other counts; UDP first. Thread safe.
/// </summary>
internal sealed class NatObserver : IAsyncDisposable
{
    /// <summary>Time between looks when nothing happens. Ours: NATs rarely change their ways.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Time from a change of the network to the look at it: addresses come one by one.</summary>
    internal static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    /// <summary>Before the first look. Ours: what a process was started for is mostly a connection, and the processors are that one's first.</summary>
    internal static readonly TimeSpan StartDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the clocks are compared.</summary>
    internal static readonly TimeSpan ClockInterval = TimeSpan.FromSeconds(15);

    private readonly NatObserverOptions _options;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly SleepDetector _sleep = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly AsyncSignal _wanted = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile NatReport _report = NatReport.Unknown;
    private volatile bool _isSettling;
    private Task _loop = Task.CompletedTask;
    private int _disposed;

    internal NatObserver(NatObserverOptions options, MonotonicClock clock, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The report is another one than before. Raised on a thread of the observer; subscribers must return soon.</summary>
    internal event Action<NatReport>? Changed;

    /// <summary>The host's addresses changed, or the machine slept: what was known of the network may be wrong. Raised before the look at it.</summary>
    internal event Action? NetworkChanged;

    /// <summary>What is known.</summary>
    internal NatReport Report => _report;

    /// <summary>Ends when everything was looked at once.</summary>
    internal Task FirstLook => _first.Task;

    /// <summary>Begins to watch, once. The first look waits for <see cref="Look"/>.</summary>
    internal void Start()
    {
        NetworkChange.NetworkAddressChanged += HandleAddressChange;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Asks for a look, now.</summary>
    internal void Look() => _wanted.Set();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        NetworkChange.NetworkAddressChanged -= HandleAddressChange;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _first.TrySetCanceled();
        _stopped.Dispose();
    }

    private void HandleAddressChange(object? sender, EventArgs e)
    {
        _isSettling = true;
        Look();
    }

    private async Task RunAsync()
    {
        var looked = _clock.Now;
        var hasLooked = false;
        _sleep.HandleTime(looked, _clock.TimeProvider.GetUtcNow());
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var isWanted = await WaitAsync(ClockInterval).ConfigureAwait(false);
                var slept = _sleep.HandleTime(_clock.Now, _clock.TimeProvider.GetUtcNow());
                if (!isWanted && !slept && (!hasLooked || _clock.Now - looked < Interval))
                    continue;
                if (_isSettling || !hasLooked)
                    await Task.Delay(_isSettling ? SettleTime : StartDelay, _clock.TimeProvider, _stopped.Token).ConfigureAwait(false);
                if (_isSettling || slept)
                    Tell(NetworkChanged);
                _isSettling = false;
                await LookAsync().ConfigureAwait(false);
                looked = _clock.Now;
                hasLooked = true;
                _first.TrySetResult();
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Looking must not end because one look failed.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.NatDiscoveryFailed(_logger, e);
                await Task.Delay(ClockInterval, _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>False when nobody asked in that time.</summary>
    private async Task<bool> WaitAsync(TimeSpan time)
    {
        using var timeout = new CancellationTokenSource(time, _clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
        try
        {
            await _wanted.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!_stopped.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task LookAsync()
    {
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            var isIPv4 = family == AddressFamily.InterNetwork;
            if (_options.Udp() is { } socket && await DiscoverAsync(isTcp: false, family, () => new UdpNatProber(socket, _options.BindUdp, _clock.TimeProvider)).ConfigureAwait(false) is { } udp)
                Take(isIPv4 ? _report with { Udp = udp } : _report with { UdpIPv6 = udp });
            if (_options.Tcp is { } listen && await DiscoverAsync(isTcp: true, family, () => new TcpNatProber(listen, _clock.TimeProvider)).ConfigureAwait(false) is { } tcp)
                Take(isIPv4 ? _report with { Tcp = tcp } : _report with { TcpIPv6 = tcp });
        }
    }

    private async Task<NatProtocolReport?> DiscoverAsync(bool isTcp, AddressFamily family, Func<INatProber> makeProber)
    {
        var servers = _options.Servers(isTcp, family);
        if (servers.Count == 0)
            return NatProtocolReport.Unknown;
        using var prober = makeProber();
        return await NatProbing.RunAsync(new NatDiscovery(servers), prober, _stopped.Token, _options.Contacted).ConfigureAwait(false);
    }

    private void Take(NatReport report)
    {
        if (report == _report)
            return;
        _report = report;
        Log.NatReport(_logger, report);
        try
        {
            Changed?.Invoke(report);
        }
#pragma warning disable CA1031 // A subscriber's failure is not the observer's.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.NatDiscoveryFailed(_logger, e);
        }
    }

    private static void Tell(Action? subscribers) => subscribers?.Invoke();
}
