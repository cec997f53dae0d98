using System.Collections.Concurrent;
using Crust.Session.Driver;

namespace Crust.PeerProtocol.Driver;

/// <summary>Answers pings of one session, and matches the answers to its own. Thread safe.</summary>
internal sealed class Pinger(SessionDriver session, TimeProvider timeProvider)
{
    /// <summary>Made with the first ping: most sessions never see one.</summary>
    private ConcurrentDictionary<ulong, TaskCompletionSource>? _waiting;
    private ulong _last;

    /// <summary>Sends a ping and returns the time until its answer was handled here.</summary>
    internal async Task<TimeSpan> PingAsync(CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _last);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = LazyInitializer.EnsureInitialized(ref _waiting, static () => new(concurrencyLevel: 1, capacity: 1));
        waiting[number] = answered;
        try
        {
            var start = timeProvider.GetTimestamp();
            await session.Sender.SendAsync(PingCodec.Protocol, PingCodec.Write(isResponse: false, number), 0, cancellationToken).ConfigureAwait(false);
            var first = await Task.WhenAny(answered.Task, session.Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (first != answered.Task)
                throw new SessionEndedException("The session ended before the answer came.", outcomeUnknown: true);
            return timeProvider.GetElapsedTime(start);
        }
        finally
        {
            waiting.TryRemove(number, out _);
            // Ends the WhenAny of a ping that is given up: else it would hang on the session's completion for as long as that lives.
            answered.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Handles a message of the ping protocol.</summary>
    internal async ValueTask HandleAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!PingCodec.TryRead(message.Payload.Span, out var isResponse, out var number))
            return;
        if (isResponse)
        {
            if (_waiting is { } waiting && waiting.TryRemove(number, out var answered))
                answered.TrySetResult();
            return;
        }

        try
        {
            await session.Sender.SendAsync(PingCodec.Protocol, PingCodec.Write(isResponse: true, number), 0, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionEndedException)
        {
            // Whoever asked is gone.
        }
    }
}
