using System.Net;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>Accepts links of one listener and lets those that are admitted handshake. Owns the listener.</summary>
/// <remarks>A gateway's TCP listener answers STUN as well: <see cref="First"/>.</remarks>
internal sealed class Acceptor : IAsyncDisposable
{
    /// <summary>Pause after an accept that failed for want of something (descriptors, memory), so that the loop does not spin.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(200);

    private readonly IConnectionListener _listener;
    private readonly Func<ConnectionContext, ConnectionPath> _pathOf;
    private readonly AdmissionGate _gate;
    private readonly LinkAdopter _adopter;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _handshakes = [];
    private Task _loop = Task.CompletedTask;

    /// <param name="listener">Yields the links.</param>
    /// <param name="pathOf">The way of a link that it yielded.</param>
    /// <param name="gate">Who may come in.</param>
    /// <param name="adopter">Takes links whose other end is proven.</param>
    /// <param name="clock">For pauses.</param>
    /// <param name="logger">Where it tells of failures.</param>
    internal Acceptor(
        IConnectionListener listener, Func<ConnectionContext, ConnectionPath> pathOf, AdmissionGate gate, LinkAdopter adopter, MonotonicClock clock, ILogger logger)
    {
        _listener = listener;
        _pathOf = pathOf;
        _gate = gate;
        _adopter = adopter;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Passes a link on that somebody else waits for; false when nobody does. Set before <see cref="Start"/>.</summary>
    internal Func<ConnectionContext, bool> PassOn { get; init; } = static _ => false;

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.EndPoint;

    /// <summary>Who looks at an admitted link first; true: it was his, and he has disposed of it. Null, the default: nobody. Set before <see cref="Start"/>.</summary>
    internal Func<ConnectionContext, CancellationToken, ValueTask<bool>>? First { get; set; }

    /// <summary>Begins to accept; once.</summary>
    internal void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        Task[] left;
        lock (_lock)
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
                if (_gate.TryEnter(link) is { } place)
                    Track(HandshakeAsync(link, place));
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

    private void Track(Task handshake)
    {
        lock (_lock)
            _handshakes.Add(handshake);
        handshake.ContinueWith(
            done =>
            {
                lock (_lock)
                    _handshakes.Remove(done);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task HandshakeAsync(ConnectionContext link, UnprovenLinks<ConnectionContext>.Place place)
    {
        // Off the accept loop at once: what follows may run crypto.
        await Task.Yield();
        try
        {
            if (PassOn(link))
                return;
            if (First is { } first && await first(link, _stopped.Token).ConfigureAwait(false))
                return;
            if (await _adopter.RespondAsync(link, _pathOf(link), () => _gate.TryLeave(place), _stopped.Token).ConfigureAwait(false) is null)
                Log.HandshakeFailed(_logger, link.RemoteEndPoint?.ToString() ?? "");
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The node stops; the handshaker has closed the link.
        }
#pragma warning disable CA1031 // A stranger's link must not bring the acceptor down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.AcceptFailed(_logger, e);
        }
        finally
        {
            _gate.TryLeave(place);
        }
    }
}
