using System.Net;
using System.Net.NetworkInformation;
using Crust.Dialing.Driver;
using Crust.Diagnostics;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Closes links that leave from addresses which the host no longer has, once it has another one of their family: nothing comes over them any more, and the kernel says nothing of it. Their sessions look for
/// other links at once, and gateways are found anew, instead of after their time of silence. An address that is only away for a while costs nothing, since nothing could take its place. Thread safe.
/// </summary>
internal sealed class LocalAddressWatch : IAsyncDisposable
{
    /// <summary>Between the news and the look. Ours: a DHCP client that renews its lease may take an address away and put it back, which TCP outlives.</summary>
    internal static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(50);

    private readonly Func<IEnumerable<SessionDriver>> _sessions;
    private readonly Func<IReadOnlySet<IPAddress>> _look;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private HashSet<IPAddress> _known;

    /// <param name="sessions">The node's, those with gateways included.</param>
    /// <param name="look">Looks at the host: <see cref="OfHost"/>.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where the operator reads.</param>
    internal LocalAddressWatch(Func<IEnumerable<SessionDriver>> sessions, Func<IReadOnlySet<IPAddress>> look, TimeProvider timeProvider, ILogger logger)
    {
        (_sessions, _look, _logger) = (sessions, look, logger);
        _known = TryLook() is { } first ? [.. first] : [];
        _timer = timeProvider.CreateTimer(static watch => ((LocalAddressWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
    }

    /// <summary>The host's unicast addresses that lead somewhere: not loopback, and not link-local ones, which are told in different ways, with their interface and without.</summary>
    internal static IReadOnlySet<IPAddress> OfHost() => LocalAddresses.For(IPAddress.IPv6Any).Where(static a => !IPAddress.IsLoopback(a)).ToHashSet();

    /// <summary>The host's addresses changed.</summary>
    internal void HandleChange()
    {
        try
        {
            _timer.Change(SettleTime, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The node stops.
        }
    }

    public ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        return _timer.DisposeAsync();
    }

    private void OnAddressChanged(object? sender, EventArgs e) => HandleChange();

    private void Look()
    {
        if (TryLook() is not { } present)
            return;
        HashSet<IPAddress> gone;
        lock (_lock)
        {
            // Only what was listed: addresses that routes alone make the host's never are. What has no successor yet is remembered until it has.
            gone = [.. _known.Where(a => !present.Contains(a) && present.Any(p => p.AddressFamily == a.AddressFamily))];
            _known.ExceptWith(gone);
            _known.UnionWith(present);
        }

        if (gone.Count == 0)
            return;
        foreach (var session in _sessions())
        {
            var closed = session.Links.CloseThoseFrom(gone.Contains);
            if (closed > 0)
                Log.LinksLeftBehind(_logger, closed, session.Remote.ToShortString());
        }
    }

    private IReadOnlySet<IPAddress>? TryLook()
    {
        try
        {
            return _look();
        }
#pragma warning disable CA1031 // What the system makes of its interfaces fails in many ways; then silence tells, later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.AddressesUnknown(_logger, e.Message);
            return null;
        }
    }
}
