using System.Net;
using System.Net.NetworkInformation;
using Crust.Diagnostics;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Closes links that leave from addresses which the host no longer has: nothing comes over them any more, and the kernel says nothing of it. Their sessions look for other links at once, and gateways are found
/// anew, instead of after their time of silence. Thread safe.
/// </summary>
internal sealed class LocalAddressWatch : IAsyncDisposable
{
    /// <summary>Between the news and the look. Ours: a DHCP client that renews its lease may take an address away and put it back, which TCP outlives.</summary>
    internal static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(50);

    private readonly Func<IEnumerable<SessionDriver>> _sessions;
    private readonly Func<Func<IPAddress, bool>> _look;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    /// <param name="sessions">The node's, those with gateways included.</param>
    /// <param name="look">Looks at the host, and gives whether it has an address: <see cref="LookAtHost"/>.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where the operator reads.</param>
    internal LocalAddressWatch(Func<IEnumerable<SessionDriver>> sessions, Func<Func<IPAddress, bool>> look, TimeProvider timeProvider, ILogger logger)
    {
        (_sessions, _look, _logger) = (sessions, look, logger);
        _timer = timeProvider.CreateTimer(static watch => ((LocalAddressWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
    }

    /// <summary>
    /// The unicast addresses of all interfaces, as they are now. Besides all of 127.0.0.0/8, which is this host, listed or not, and link-local ones, which are told in different ways, with their interface and
    /// without: they count as present.
    /// </summary>
    /// <exception cref="NetworkInformationException">The system does not tell.</exception>
    internal static Func<IPAddress, bool> LookAtHost()
    {
        var addresses = NetworkInterface.GetAllNetworkInterfaces().SelectMany(n => n.GetIPProperties().UnicastAddresses).Select(u => u.Address).ToHashSet();
        return address => IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || addresses.Contains(address);
    }

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
        Func<IPAddress, bool> isPresent;
        try
        {
            isPresent = _look();
        }
        catch (Exception e) when (e is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            // Then silence tells, later.
            Log.AddressesUnknown(_logger, e.Message);
            return;
        }

        foreach (var session in _sessions())
        {
            var closed = session.Links.CloseThoseFrom(source => !isPresent(source));
            if (closed > 0)
                Log.LinksLeftBehind(_logger, closed, session.Remote.ToShortString());
        }
    }
}
