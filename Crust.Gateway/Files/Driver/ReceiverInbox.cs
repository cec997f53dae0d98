using System.Threading.Channels;
using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// What a receiver answers to one attempt: kept until it is asked for, and able to interrupt the sending. A receiver that answers too much waits. Thread safe.
/// </summary>
/// <param name="peer">The receiver; others are not heard.</param>
internal sealed class ReceiverInbox(PeerId peer)
{
    /// <summary>Most answers that wait. Ours: an attempt has about four.</summary>
    private const int Capacity = 16;

    private readonly Channel<ReceiverReply> _replies = Channel.CreateBounded<ReceiverReply>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Lock _gate = new();
    private uint _attempt;
    private CancellationTokenSource? _interrupt;

    /// <summary>Hears from now on the answers to this attempt alone.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="interrupt">Cancelled at an answer that ends the sending.</param>
    internal void Begin(uint attempt, CancellationTokenSource interrupt)
    {
        lock (_gate)
        {
            _attempt = attempt;
            _interrupt = interrupt;
            while (_replies.Reader.TryRead(out _))
            {
                // An answer to an earlier attempt.
            }
        }
    }

    /// <summary>No attempt is under way: its interruption may be disposed of.</summary>
    internal void End()
    {
        lock (_gate)
            _interrupt = null;
    }

    /// <summary>The handler of the protocol.</summary>
    internal async ValueTask HandleAsync(PeerMessage message, CancellationToken cancellationToken)
    {
        if (message.Connection.Peer != peer)
            return;
        var reply = Read(message);
        if (reply is null)
            return;
        lock (_gate)
        {
            if (reply.Message is { } about && about.Attempt != _attempt)
                return;
            if (reply.Message is not (FileMessage.Working or FileMessage.Ready))
                _interrupt?.Cancel();
        }

        await _replies.Writer.WriteAsync(reply, cancellationToken);
    }

    /// <summary>The next answer; null when none comes in time. Ends with an exception when the connection does.</summary>
    internal async Task<ReceiverReply?> NextAsync(PeerConnection connection, TimeSpan patience, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (_replies.Reader.TryRead(out var reply))
            return reply;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var available = _replies.Reader.WaitToReadAsync(stop.Token).AsTask();
        var timeout = Task.Delay(patience, timeProvider, stop.Token);
        await Task.WhenAny(available, timeout, connection.Completion);
        var hasCome = available.IsCompletedSuccessfully;
        await stop.CancelAsync();
        await Task.WhenAll(available, timeout).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        cancellationToken.ThrowIfCancellationRequested();
        if (hasCome && _replies.Reader.TryRead(out reply))
            return reply;
        if (!connection.IsOpen)
            throw new PeerConnectionClosedException(peer, $"The connection with {peer} ended: {connection.CloseReason}", outcomeUnknown: true);
        return null;
    }

    /// <summary>The newest answer that waits and ends an attempt for good; null when there is none.</summary>
    internal ReceiverReply? LastWord()
    {
        ReceiverReply? last = null;
        while (_replies.Reader.TryRead(out var reply))
            last = reply is { Receipt: not null } or { Message: FileMessage.Refusal } ? reply : last;
        return last;
    }

    private static ReceiverReply? Read(PeerMessage message)
    {
        if (FileCodec.IsReceipt(message.Payload.Span))
            return ReceiptEvidence.From(message) is { } receipt ? new ReceiverReply(null, receipt) : null;
        // The payload may be valid only while it is handled; a state keeps slices of it.
        return FileCodec.Read(message.Payload.ToArray()) is { } read ? new ReceiverReply(read, null) : null;
    }
}
