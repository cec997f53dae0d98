using System.Net;
using System.Net.Sockets;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
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
    private readonly HandshakeAdmission _admission;
    private readonly LinkAdopter _adopter;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _handshakes = [];
    private Task _loop = Task.CompletedTask;

    internal Acceptor(IConnectionListener listener, ConnectionPath path, HandshakeAdmission admission, LinkAdopter adopter, MonotonicClock clock, ILogger logger)
    {
        _listener = listener;
        _path = path;
        _admission = admission;
        _adopter = adopter;
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
        Task[] left;
        lock (_gate)
            left = [.. _handshakes];
        await Task.WhenAll(left).ConfigureAwait(false);
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
                if (TryAdmit(link))
                    Track(HandshakeAsync(link));
                else
                    link.Abort(new ConnectionAbortedException("too many handshakes"));
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                Log.AcceptFailed(_logger, e);
                await Task.Delay(FailurePause, _clock.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private bool TryAdmit(ConnectionContext link)
    {
        var remote = ((IPEndPoint)link.RemoteEndPoint!).Address;
        bool admitted;
        lock (_gate)
            admitted = _admission.TryBegin(remote, _clock.Now);
        if (!admitted)
            Log.HandshakeRefused(_logger, link.RemoteEndPoint!.ToString()!);
        return admitted;
    }

    private void Track(Task handshake)
    {
        lock (_gate)
            _handshakes.Add(handshake);
        handshake.ContinueWith(
            done =>
            {
                lock (_gate)
                    _handshakes.Remove(done);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task HandshakeAsync(ConnectionContext link)
    {
        // Off the accept loop at once: what follows may run crypto.
        await Task.Yield();
        try
        {
            if (await _adopter.RespondAsync(link, _path, _stopped.Token).ConfigureAwait(false) is null)
                Log.HandshakeFailed(_logger, link.RemoteEndPoint?.ToString() ?? "");
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The node stops; the handshaker has closed the link.
        }
        finally
        {
            lock (_gate)
                _admission.End();
        }
    }
}
