using System.Net;
using Crust.Primitives.Driver;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Tests.Interop.Utp;

/// <summary>Our side: a transport on a port of IPv4's loopback, which dials and accepts from that one socket.</summary>
internal sealed class UtpHost : IAsyncDisposable
{
    private readonly UtpTransport _transport;
    private readonly IConnectionListener _listener;

    internal UtpHost(UtpTransportOptions? options = null)
    {
        _transport = new UtpTransport(new MonotonicClock(TimeProvider.System), NullLogger.Instance, options);
        _listener = _transport.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    internal int Port => ((IPEndPoint)_listener.EndPoint).Port;

    internal async Task<ConnectionContext> DialAsync(int port) =>
        await _transport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), CancellationToken.None).AsTask().WaitAsync(InteropProcess.Patience);

    internal async Task<ConnectionContext> AcceptAsync() =>
        await _listener.AcceptAsync().AsTask().WaitAsync(InteropProcess.Patience) ?? throw new InvalidOperationException("It does not listen any more.");

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _transport.DisposeAsync();
    }
}
