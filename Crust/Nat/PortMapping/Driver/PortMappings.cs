using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>
/// Keeps a node's ports mapped on whatever routers it has: a <see cref="RouterMapper"/> for the one of IPv4 and the one of IPv6, made anew when the router or our
/// address towards it changes. From <see cref="Start"/> to disposal, which deletes the mappings within little more than a second. Thread safe.
/// </summary>
/// <param name="ports">What to map.</param>
/// <param name="listens">Whether the ports are listened on at this address.</param>
/// <param name="find">Finds the routers.</param>
/// <param name="clock">The node's clock.</param>
/// <param name="logger">Where the operator reads.</param>
internal sealed class PortMappings(
    IReadOnlyList<PortRequest> ports, Func<IPAddress, bool> listens, Func<IReadOnlyList<RouterPlace>> find, MonotonicClock clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>Routers are looked for this often, for want of a notification. Ours: below the minute within which a dead mapping is to be noticed.</summary>
    private static readonly TimeSpan FindInterval = TimeSpan.FromSeconds(20);

    /// <summary>Before the first look: what a node that was just started wants first are its gateway and its peers, and all of this is compiled when it first runs. Ours.</summary>
    private static readonly TimeSpan StartDelay = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly AsyncSignal _look = new();
    private readonly Dictionary<RouterPlace, RouterMapper> _mappers = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>Something of <see cref="Reports"/> changed. Subscribers must return soon.</summary>
    internal event Action? Changed;

    /// <summary>How it stands with each router; empty while there is none.</summary>
    internal IReadOnlyList<RouterReport> Reports
    {
        get
        {
            lock (_lock)
                return [.. _mappers.Values.Select(m => m.Report)];
        }
    }

    /// <summary>Begins, once.</summary>
    internal void Start()
    {
        NetworkChange.NetworkAddressChanged += Look;
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= Look;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        RouterMapper[] mappers;
        lock (_lock)
        {
            mappers = [.. _mappers.Values];
            _mappers.Clear();
        }

        await Task.WhenAll(mappers.Select(m => m.DisposeAsync().AsTask())).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task RunAsync()
    {
        await Task.Delay(StartDelay, clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(find()).ConfigureAwait(false);
                await WaitAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever the system says of its interfaces, a node goes on without mappings.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.MappingFailed(logger, e);
                await Task.Delay(FindInterval, clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitAsync()
    {
        using var timeout = new CancellationTokenSource(FindInterval, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
        try
        {
            await _look.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stopped.IsCancellationRequested)
        {
            // Then it is time.
        }
    }

    /// <summary>Ends what no longer holds and begins with what is new.</summary>
    private async Task FollowAsync(IReadOnlyList<RouterPlace> found)
    {
        var places = found.Where(p => listens(p.Local)).ToHashSet();
        List<RouterMapper> ended = [];
        lock (_lock)
        {
            foreach (var gone in _mappers.Keys.Where(p => !places.Contains(p)).ToList())
            {
                _mappers.Remove(gone, out var mapper);
                ended.Add(mapper!);
            }
        }

        foreach (var mapper in ended)
            await mapper.DisposeAsync().ConfigureAwait(false);
        foreach (var place in places)
        {
            if (Add(place) is { } added)
                added.Start();
        }

        if (ended.Count > 0)
            Raise();
    }

    private RouterMapper? Add(RouterPlace place)
    {
        lock (_lock)
        {
            if (_mappers.ContainsKey(place))
                return null;
        }

        try
        {
            var mapper = new RouterMapper(place, ports, () => Told(place), clock, logger);
            lock (_lock)
                return _mappers[place] = mapper;
        }
        catch (SocketException e)
        {
            // The address went as it was looked at.
            Log.MappingSendFailed(logger, place.Router.ToString(), e.Message);
            return null;
        }
    }

    private void Told(RouterPlace place)
    {
        RouterReport? report;
        lock (_lock)
            report = _mappers.GetValueOrDefault(place)?.Report;
        if (report is not null)
            Log.MappingChanged(logger, place.Router.ToString(), MappingWords.Describe(report));
        Raise();
    }

    private void Raise() => Changed?.Invoke();

    private void Look(object? sender, EventArgs e) => _look.Set();
}
