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
    private readonly LinkedList<ConnectionContext> _unproven = [];
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
                if (Admit(link) is { } place)
                    Track(HandshakeAsync(link, place));
                else
                    link.Abort(new ConnectionAbortedException("too many handshakes"));
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

    /// <summary>
    /// The link's place among those that have proven nothing yet; null when its address asks too often. When all places are taken the oldest
    /// makes room: an honest peer needs one for a round trip, and whoever connects and says nothing shall not keep it out.
    /// </summary>
    private LinkedListNode<ConnectionContext>? Admit(ConnectionContext link)
    {
        LinkedListNode<ConnectionContext> place;
        ConnectionContext? oldest = null;
        lock (_gate)
        {
            if (!_admission.TryBegin(((IPEndPoint)link.RemoteEndPoint!).Address, _clock.Now))
            {
                Log.HandshakeRefused(_logger, link.RemoteEndPoint!.ToString()!);
                return null;
            }

            place = _unproven.AddLast(link);
            if (_admission.IsOverfull)
            {
                oldest = _unproven.First!.Value;
                TryLeave(_unproven.First);
            }
        }

        oldest?.Abort(new ConnectionAbortedException("a newer handshake takes its place"));
        return place;
    }

    /// <summary>Gives the place up; false when it was given to another link.</summary>
    private bool TryLeave(LinkedListNode<ConnectionContext> place)
    {
        lock (_gate)
        {
            if (place.List is null)
                return false;
            _unproven.Remove(place);
            _admission.End();
            return true;
        }
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

    private async Task HandshakeAsync(ConnectionContext link, LinkedListNode<ConnectionContext> place)
    {
        // Off the accept loop at once: what follows may run crypto.
        await Task.Yield();
        try
        {
            if (await _adopter.RespondAsync(link, _path, () => TryLeave(place), _stopped.Token).ConfigureAwait(false) is null)
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
            TryLeave(place);
        }
    }
}
