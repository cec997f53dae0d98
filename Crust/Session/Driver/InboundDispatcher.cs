using System.Threading.Channels;
using Crust.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// Hands a session's messages to handlers: in order within a protocol, protocols side by side. What waits here is bounded by the session's
/// credit, which returns as handlers end. <see cref="TryDispatch"/> is called by one thread at a time.
/// </summary>
internal sealed class InboundDispatcher(Func<string, InboundHandler?> find, Action<int> consumed, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long handlers may go on with acknowledged messages after the session ended, and again after they were cancelled. Ours.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Channel<DeliveredMessage>> _queues = [];
    private readonly List<Task> _consumers = [];
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Queues the message; false when no handler takes its protocol.</summary>
    internal bool TryDispatch(DeliveredMessage message)
    {
        if (!_queues.TryGetValue(message.Protocol, out var queue))
        {
            if (find(message.Protocol) is not { } handler)
                return false;
            queue = Channel.CreateUnbounded<DeliveredMessage>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
            _queues[message.Protocol] = queue;
            _consumers.Add(Task.Run(() => ConsumeAsync(queue.Reader, handler)));
        }

        return queue.Writer.TryWrite(message);
    }

    /// <summary>
    /// No more messages come. Those that wait are still handled, within <see cref="Linger"/>; then handlers are cancelled. One that does not
    /// heed that either is left alone: it may be waiting for us.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var queue in _queues.Values)
            queue.Writer.TryComplete();
        var all = Task.WhenAll(_consumers);
        try
        {
            await all.WaitAsync(Linger, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            try
            {
                await all.WaitAsync(Linger, timeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                Log.HandlersLeft(logger, _consumers.Count(c => !c.IsCompleted));
                return;
            }
        }

        _ended.Dispose();
    }

    private async Task ConsumeAsync(ChannelReader<DeliveredMessage> reader, InboundHandler handler)
    {
        await foreach (var message in reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (_ended.IsCancellationRequested)
                return;
            try
            {
                await handler(message, _ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A handler is the application's: whatever it throws, the session goes on.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.HandlerFailed(logger, message.Protocol, e);
            }

            consumed(message.Payload.Length);
        }
    }
}
