using Crust.Buffers;
using Crust.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// Hands a session's messages, datagrams and streams to handlers: messages in order within a protocol, protocols side by side, each stream for itself. What
/// waits here is bounded by the session's credit, which returns as handlers end. The <c>TryDispatch</c> methods are called under the session's lock.
/// </summary>
internal sealed class InboundDispatcher(ISessionOwner owner, SessionDriver session, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long handlers may go on with acknowledged messages after the session ended, and again after they were cancelled. Ours.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    /// <summary>Datagrams of a protocol that may wait for its handler; more are lost. Ours.</summary>
    private const int MaxDatagrams = 256;

    /// <summary>
    /// Handlers of streams that may run at a time: twice what a peer may have open. One that resets and stops its streams and opens more is told to wait for the
    /// handlers that have not noticed. Ours.
    /// </summary>
    private const int MaxStreamHandlers = WireLimits.MaxStreams * 2;

    /// <summary>Handled messages whose memory goes back together: each time costs the session's lock.</summary>
    private const int ReturnedTogether = 32;

    private const int ReturnedBytes = 64 << 10;

    /// <summary>While the session is busy, so many times as much may be handled before its lock is waited for.</summary>
    private const int MostReturnedTogether = 8;

    private readonly Dictionary<string, InboundQueue> _messages = [];
    private readonly Dictionary<string, InboundQueue> _datagrams = [];
    private readonly List<InboundQueue> _arriving = new(1);
    private readonly HashSet<Task> _running = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private (string? Protocol, InboundQueue? Queue) _latest;
    private int _streamHandlers;

    /// <summary>Queues a message that arrived; else why it is refused. It waits for <see cref="Show"/>.</summary>
    internal RefuseCode? Dispatch(in SessionEvent e)
    {
        if (!e.IsSigned && owner.RequiresSignature(e.Protocol!))
            return RefuseCode.SignatureRequired;
        return TryDispatch(e.Protocol!, new InboundQueue.Item(e.Payload, e.Number, e.IsSigned, e.Evidence)) ? null : RefuseCode.UnknownProtocol;
    }

    private bool TryDispatch(string protocol, in InboundQueue.Item message)
    {
        // On one link a protocol is one string, and most messages are of one protocol.
        if (!ReferenceEquals(_latest.Protocol, protocol))
        {
            if (!_messages.TryGetValue(protocol, out var queue))
            {
                if (owner.FindHandler(protocol) is not { } handler)
                    return false;
                _messages[protocol] = queue = Start(protocol, handler, isDatagrams: false);
            }

            _latest = (protocol, queue);
        }

        Add(_latest.Queue!, message);
        return true;
    }

    /// <summary>Queues a datagram; false when no handler takes its protocol, or too many wait. It waits for <see cref="Show"/>.</summary>
    internal bool TryDispatchDatagram(string protocol, PayloadLease payload)
    {
        if (!_datagrams.TryGetValue(protocol, out var queue))
        {
            if (owner.FindDatagramHandler(protocol) is not { } handler)
                return false;
            _datagrams[protocol] = queue = Start(protocol, handler, isDatagrams: true);
        }

        if (queue.Count >= MaxDatagrams)
            return false;
        Add(queue, new InboundQueue.Item(payload, 0, false, null));
        return true;
    }

    /// <summary>Lets handlers have what was queued.</summary>
    internal void Show()
    {
        foreach (var queue in _arriving)
            queue.Show();
        _arriving.Clear();
    }

    /// <summary>Gives a stream to its handler; the code of its refusal when no handler takes its protocol, or too many run.</summary>
    internal int? TryDispatch(StreamEndpoint stream)
    {
        if (owner.FindStreamHandler(stream.Protocol) is not { } handler)
            return StreamEndpoint.UnknownProtocol;
        if (Volatile.Read(ref _streamHandlers) >= MaxStreamHandlers)
            return StreamEndpoint.TooMany;
        Interlocked.Increment(ref _streamHandlers);
        Run(() => HandleStreamAsync(stream, handler));
        return null;
    }

    /// <summary>
    /// No more comes. What waits is still handled, within <see cref="Linger"/>; then handlers are cancelled. One that does not
    /// heed that either is left alone: it may be waiting for us.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var queue in _messages.Values.Concat(_datagrams.Values))
            queue.Complete();
        Task all;
        lock (_gate)
            all = Task.WhenAll(_running);
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
                lock (_gate)
                    Log.HandlersLeft(logger, _running.Count);
                return;
            }
        }

        _ended.Dispose();
    }

    private void Add(InboundQueue queue, in InboundQueue.Item message)
    {
        if (queue.Add(message))
            _arriving.Add(queue);
    }

    private InboundQueue Start(string protocol, InboundHandler handler, bool isDatagrams)
    {
        var queue = new InboundQueue(protocol);
        Run(() => ConsumeAsync(queue, handler, isDatagrams));
        return queue;
    }

    private void Run(Func<Task> action)
    {
        lock (_gate)
        {
            var task = Task.Run(action);
            _running.Add(task);
            _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void Forget(Task task)
    {
        lock (_gate)
            _running.Remove(task);
    }

    private async Task HandleStreamAsync(StreamEndpoint stream, StreamHandler handler)
    {
        try
        {
            await handler(session, stream, _ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The session ended.
        }
#pragma warning disable CA1031 // A handler is the application's: whatever it throws, the session goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.HandlerFailed(logger, stream.Protocol, e);
            stream.Abort(StreamEndpoint.HandlerFailed);
            return;
        }
        finally
        {
            Interlocked.Decrement(ref _streamHandlers);
        }

        stream.Close();
    }

    private async Task ConsumeAsync(InboundQueue queue, InboundHandler handler, bool isDatagrams)
    {
        var done = new List<PayloadLease>();
        while (await queue.TakeAsync().ConfigureAwait(false) is { Array: { } items } taken)
        {
            var bytes = 0;
            for (var i = 0; i < taken.Count; i++)
            {
                var item = items[i];
                if (_ended.IsCancellationRequested)
                    return;
                var message = new DeliveredMessage(session, queue.Protocol, item.Payload.Memory, item.Number, item.IsSigned, item.Evidence);
                if (!await TryHandleAsync(message, handler).ConfigureAwait(false))
                    return;
                done.Add(item.Payload);
                bytes += item.Payload.Length;
                if (done.Count < ReturnedTogether && bytes < ReturnedBytes)
                    continue;
                if (!session.TryConsumed(done, isDatagrams))
                {
                    if (done.Count < ReturnedTogether * MostReturnedTogether && bytes < ReturnedBytes * MostReturnedTogether)
                        continue;
                    session.Consumed(done, isDatagrams);
                }

                done.Clear();
                bytes = 0;
            }

            if (done.Count > 0)
                session.Consumed(done, isDatagrams);
            done.Clear();
            InboundQueue.GiveBack(taken);
        }
    }

    /// <summary>False when the session's end cut the handler short.</summary>
    private async ValueTask<bool> TryHandleAsync(DeliveredMessage message, InboundHandler handler)
    {
        try
        {
            await handler(message, _ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            return false;
        }
#pragma warning disable CA1031 // A handler is the application's: whatever it throws, the session goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.HandlerFailed(logger, message.Protocol, e);
        }

        return true;
    }
}
