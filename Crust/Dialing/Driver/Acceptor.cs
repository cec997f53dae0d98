using System.Net;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>Accepts links of one listener and lets those that are admitted handshake. Owns the listener.</summary>
internal sealed class Acceptor : IAsyncDisposable
{
    /// <summary>Pause after an accept that failed for want of something (descriptors, memory), so that the loop does not spin.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(200);

    private readonly IConnectionListener _listener;
    private readonly ConnectionPath _path;
    private readonly AdmissionGate _gate;
    private readonly Reception _reception;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private Task _loop = Task.CompletedTask;

    internal Acceptor(IConnectionListener listener, ConnectionPath path, AdmissionGate gate, LinkAdopter adopter, MonotonicClock clock, ILogger logger)
    {
        _listener = listener;
        _path = path;
        _gate = gate;
        _reception = new Reception(gate, adopter, logger);
        _clock = clock;
        _logger = logger;
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.EndPoint;

    /// <summary>Begins to accept; once.</summary>
    internal void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _reception.DisposeAsync().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var link = await _listener.AcceptAsync(_stopped.Token).ConfigureAwait(false);
                if (link is null)
                    return;
                if (_gate.TryEnter(link) is { } place)
                    _reception.Receive(link, place, _path);
                else
                    link.Abort(new ConnectionAbortedException("not admitted"));
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, a node that stops to accept is no node.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.AcceptFailed(_logger, e);
                await Task.Delay(FailurePause, _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
