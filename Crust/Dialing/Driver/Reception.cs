using Crust.Diagnostics;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>Lets links that others made, and that were given a place, handshake. Thread safe. Disposed of, it ends what is under way.</summary>
internal sealed class Reception(AdmissionGate gate, LinkAdopter adopter, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _handshakes = [];

    /// <summary>Takes over a link.</summary>
    /// <param name="ownedLink">The link.</param>
    /// <param name="place">Its place.</param>
    /// <param name="path">Its way.</param>
    /// <param name="first">Who looks at it first; true: it was his, and he has disposed of it. Null: nobody.</param>
    internal void Receive(
        ConnectionContext ownedLink, UnprovenLinks<ConnectionContext>.Place place, ConnectionPath path, Func<ConnectionContext, CancellationToken, ValueTask<bool>>? first = null)
    {
        var handshake = HandshakeAsync(ownedLink, place, path, first);
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

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        Task[] left;
        lock (_lock)
            left = [.. _handshakes];
        await Task.WhenAll(left).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task HandshakeAsync(
        ConnectionContext link, UnprovenLinks<ConnectionContext>.Place place, ConnectionPath path, Func<ConnectionContext, CancellationToken, ValueTask<bool>>? first)
    {
        // Off the caller's loop at once: what follows may run crypto.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            if (first is not null && await first(link, _stopped.Token).ConfigureAwait(false))
                return;
            if (await adopter.RespondAsync(link, path, () => gate.TryLeave(place), _stopped.Token).ConfigureAwait(false) is null)
                Log.HandshakeFailed(logger, link.RemoteEndPoint?.ToString() ?? "");
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The node stops; the handshaker has closed the link.
        }
#pragma warning disable CA1031 // A stranger's link must not bring the acceptor down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.AcceptFailed(logger, e);
        }
        finally
        {
            gate.TryLeave(place);
        }
    }
}
