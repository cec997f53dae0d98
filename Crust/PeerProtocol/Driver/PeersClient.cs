using System.Collections.Concurrent;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.PeerProtocol.Driver;

/// <summary>Requests to peers, matched with the responses by number and session; at most <see cref="MaxPending"/> at a time. Thread safe.</summary>
internal sealed class PeersClient(TimeProvider timeProvider)
{
    /// <summary>Requests under way. Ours: many look-ups at once.</summary>
    internal const int MaxPending = 256;

    private readonly ConcurrentDictionary<ulong, (SessionDriver Session, TaskCompletionSource<PeersEnvelope> Answer)> _pending = new();
    private ulong _last;

    /// <summary>Completes the request that a response answers; from another session than the one that was asked, or a second time, it is ignored.</summary>
    internal void HandleResponse(SessionDriver from, PeersEnvelope envelope)
    {
        if (_pending.TryGetValue(envelope.Id, out var waiting) && waiting.Session == from)
            waiting.Answer.TrySetResult(envelope);
    }

    /// <summary>Asks; null when no answer came in time.</summary>
    internal async Task<PeersEnvelope?> RequestAsync(SessionDriver session, PeersEnvelope request, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (_pending.Count >= MaxPending)
            return null;
        request.Id = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<PeersEnvelope>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[request.Id] = (session, answer);
        try
        {
            if (!session.Sender.TrySend(PeersTalk.Protocol, request.ToByteArray(), SessionDriver.DefaultPriority))
                return null;
            var first = await Task.WhenAny(answer.Task, session.Completion).WaitAsync(patience, timeProvider, cancellationToken).ConfigureAwait(false);
            return first == answer.Task ? await answer.Task.ConfigureAwait(false) : null;
        }
        catch (Exception e) when (e is TimeoutException or SessionEndedException)
        {
            return null;
        }
        finally
        {
            _pending.TryRemove(request.Id, out _);
            // Ends the WhenAny of a request without an answer: else it would hang on the session's completion for as long as that lives.
            answer.TrySetCanceled(CancellationToken.None);
        }
    }
}
