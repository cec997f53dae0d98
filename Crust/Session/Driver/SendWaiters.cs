namespace Crust.Session.Driver;

/// <summary>
/// Who waits for a session: senders for room, confirmed sends for their outcome. Guarded by the driver's lock; continuations run elsewhere.
/// </summary>
internal sealed class SendWaiters
{
    private readonly Dictionary<long, (TaskCompletionSource Source, string Protocol)> _confirmations = [];
    private TaskCompletionSource? _room;
    private long _lastToken;

    /// <summary>Draws a token whose outcome completes the returned task.</summary>
    internal (long Token, Task Outcome) Expect(string protocol)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _confirmations[++_lastToken] = (source, protocol);
        return (_lastToken, source.Task);
    }

    /// <summary>The message was not queued after all.</summary>
    internal void Forget(long token) => _confirmations.Remove(token);

    /// <summary>A task that ends when there is room again.</summary>
    internal Task Room() => (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    internal void RoomAgain()
    {
        _room?.TrySetResult();
        _room = null;
    }

    internal void Settle(in SessionEvent outcome, string reason)
    {
        if (!_confirmations.Remove(outcome.Token, out var waiting))
            return;
        switch (outcome.Kind)
        {
            case SessionEventKind.Acknowledged:
                waiting.Source.TrySetResult();
                break;
            case SessionEventKind.Refused:
                waiting.Source.TrySetException(new MessageRefusedException(waiting.Protocol));
                break;
            default:
                waiting.Source.TrySetException(new SessionEndedException(reason, outcome.Kind == SessionEventKind.OutcomeUnknown));
                break;
        }

        // Whoever gave up the wait does not look any more: that makes no unobserved exception.
        _ = waiting.Source.Task.Exception;
    }
}
