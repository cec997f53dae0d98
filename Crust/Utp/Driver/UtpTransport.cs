using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Transport;
using Crust.Udp;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Utp.Driver;

/// <summary>
/// µTP links (BEP 29). After <see cref="Bind"/> dials leave from the socket that listens, so that both share a NAT's mapping; without a
/// fitting one, from a socket that is made when it is first needed. Disposal resets links that are in use, and waits a second for those that
/// are closing.
/// </summary>
internal sealed class UtpTransport(MonotonicClock clock, ILogger logger, UtpTransportOptions? options = null) : ITransport, IAsyncDisposable
{
    private readonly UtpTransportOptions _options = options ?? new();
    private readonly Lock _lock = new();
    private readonly List<UtpPump[]> _bound = [];
    private readonly List<UtpPump> _beside = [];
    private UtpLinkListener? _listener;
    private UtpPump? _ipv4;
    private UtpPump? _ipv6;
    private bool _isDisposed;

    public TransportKind Kind => TransportKind.Utp;

    /// <summary>What makes its sockets.</summary>
    internal Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket> BindSocket => _options.BindSocket;

    /// <summary>The pumps there are now.</summary>
    internal IReadOnlyList<UtpPump> Pumps
    {
        get
        {
            lock (_lock)
                return [.. _bound.SelectMany(static group => group), .. new[] { _ipv4, _ipv6 }.OfType<UtpPump>(), .. _beside];
        }
    }

    /// <summary>Opens a link.</summary>
    /// <exception cref="SocketException">The other side refuses, cannot be reached or does not answer.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        var address = TransportAddress.From(remote);
        return await Choose(address).ConnectAsync(address, remote, cancellationToken).ConfigureAwait(false);
    }

    public IConnectionListener Bind(IPEndPoint local)
    {
        var count = OperatingSystem.IsLinux() ? Math.Max(_options.SocketCount, 1) : 1;
        var sockets = new List<Demultiplexer>(count);
        try
        {
            var endPoint = local;
            for (var i = 0; i < count; i++)
            {
                sockets.Add(new Demultiplexer(_options.BindSocket(endPoint, _options.Sockets with { SharesPort = count > 1 })));
                endPoint = sockets[0].LocalEndPoint;
            }

            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                var listener = new UtpLinkListener(endPoint, _options.Backlog);
                UtpPump[] pumps = [.. sockets.Select(socket => new UtpPump(socket, clock, _options, listener, logger))];
                listener.Pumps = pumps;
                foreach (var pump in pumps)
                    pump.Group = count > 1 ? pumps : [];
                foreach (var pump in pumps)
                    pump.Start();
                _bound.Add(pumps);
                _listener ??= listener;
                return listener;
            }
        }
        catch
        {
            sockets.ForEach(static socket => socket.Dispose());
            throw;
        }
    }

    /// <summary>The pump of the socket that listens, for whoever punches; null without one.</summary>
    internal UtpPump? Listening
    {
        get
        {
            lock (_lock)
                return _bound.FirstOrDefault(static group => !group[0].IsClosed)?[0];
        }
    }

    /// <summary>
    /// Binds another socket of the same address on a random port, whose links the listener yields as well: for a punch. It is closed once
    /// <see cref="UtpPump.StopAccepting"/> was called and its last link is over.
    /// </summary>
    /// <exception cref="SocketException">The host has no more.</exception>
    internal UtpPump BindBeside()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _beside.RemoveAll(static pump => pump.IsClosed);
            var address = _bound.Count > 0 ? _bound[0][0].LocalEndPoint.Address : IPAddress.IPv6Any;
            var pump = new UtpPump(new Demultiplexer(_options.BindSocket(new IPEndPoint(address, 0), _options.Sockets)), clock, _options, _listener, logger);
            _beside.Add(pump);
            pump.Start();
            return pump;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await Task.WhenAll(Pumps.Select(pump => pump.ShutdownAsync(_options.ShutdownTimeout))).ConfigureAwait(false);
    }

    private UtpPump Choose(TransportAddress remote)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _bound.RemoveAll(static group => group[0].IsClosed);
            foreach (var group in _bound)
            {
                if (Reaches(group[0].LocalEndPoint.Address, remote))
                    return group[PortSharing.Owner(remote, group.Length)];
            }

            return remote.IsIPv4 ? _ipv4 ??= MakeDialing(IPAddress.Any) : _ipv6 ??= MakeDialing(IPAddress.IPv6Any);
        }
    }

    /// <summary>Whether a socket bound to this address can send to that remote.</summary>
    private static bool Reaches(IPAddress local, TransportAddress remote)
    {
        if (local.Equals(IPAddress.IPv6Any))
            return true;
        var isIPv4 = local.AddressFamily == AddressFamily.InterNetwork;
        return isIPv4 == remote.IsIPv4
            && (local.Equals(IPAddress.Any) || IPAddress.IsLoopback(local) == IPAddress.IsLoopback(remote.ToIPEndPoint().Address));
    }

    private UtpPump MakeDialing(IPAddress any)
    {
        var pump = new UtpPump(new Demultiplexer(_options.BindSocket(new IPEndPoint(any, 0), _options.Sockets)), clock, _options, null, logger);
        pump.Start();
        return pump;
    }
}
