using System.Net;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
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
    private readonly Reception _reception;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
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
        _reception = new Reception(gate, adopter, logger);
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
                if (_gate.TryEnter(link) is not { } place)
                    link.Abort(new ConnectionAbortedException("not admitted"));
                else if (PassOn(link))
                    _gate.TryLeave(place);
                else
                    _reception.Receive(link, place, _pathOf(link), First);
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
