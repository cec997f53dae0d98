using Crust.Buffers;
using Crust.Cryptography;

namespace Crust.Session.Driver;

/// <summary>
/// Queues messages on a session, with backpressure. Payloads are copied, and long ones hashed for the signature, before the session's lock is taken. The steady path allocates nothing. Thread safe.
/// </summary>
internal sealed class MessageSender(SessionDriver session, PayloadHashing hashing)
{
    private readonly SendWaiters _waiters = new();
    private readonly List<UndeliveredMessage> _undelivered = [];

    /// <summary>Queues a message; waits while the queue is full. Returns once it is queued, not once it is sent.</summary>
    internal ValueTask SendAsync(string protocol, ReadOnlyMemory<byte> payload, byte priority, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        var result = TryQueue(protocol, payload.Span, priority, confirm: false, out _, out var room);
        return result switch
        {
            SendResult.Queued => ValueTask.CompletedTask,
            SendResult.Full => new ValueTask(RetryAsync(room!, protocol, payload, priority, confirm: false, cancellationToken)),
            _ => throw Failure(result, protocol, payload.Length, session),
        };
    }

    /// <summary>Queues a message if there is room now; false when there is none, or the session is over.</summary>
    internal bool TrySend(string protocol, ReadOnlySpan<byte> payload, byte priority)
    {
        Span<byte> digest = stackalloc byte[Blake3.HashLength];
        digest = hashing.Hash(protocol, payload, digest);
        var owned = CopyLong(payload);
        SendResult result;
        lock (session.Gate)
            result = session.TrySend(protocol, priority, payload, owned, digest, 0);
        GiveBack(owned, result);
        return result == SendResult.Queued;
    }

    /// <summary>Queues a message and waits until the peer has received and verified it. Cancelling stops the wait, not the message.</summary>
    internal async Task SendAndConfirmAsync(string protocol, ReadOnlyMemory<byte> payload, byte priority, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var result = TryQueue(protocol, payload.Span, priority, confirm: true, out var outcome, out var room);
        if (result == SendResult.Full)
            outcome = await RetryAsync(room!, protocol, payload, priority, confirm: true, cancellationToken).ConfigureAwait(false);
        else if (result != SendResult.Queued)
            throw Failure(result, protocol, payload.Length, session);
        await outcome.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>There is room again, or never again. Under the lock.</summary>
    internal void RoomAgain() => _waiters.RoomAgain();

    /// <summary>What was not acknowledged when the session ended.</summary>
    internal IReadOnlyList<UndeliveredMessage> Undelivered => _undelivered;

    /// <summary>A message has its outcome. Under the lock.</summary>
    internal void HandleOutcome(in SessionEvent e, bool isSessionOver)
    {
        _waiters.Settle(e, "The session ended before the message was acknowledged.");
        if (isSessionOver && e.Protocol is not null)
            _undelivered.Add(new UndeliveredMessage(e.Protocol, e.Payload.Span.ToArray(), e.Kind == SessionEventKind.OutcomeUnknown));
    }

    /// <summary>What a caller is told of a result that queued nothing.</summary>
    internal static Exception Failure(SendResult result, string protocol, int length, SessionDriver session) => result switch
    {
        SendResult.TooLarge => new ArgumentException($"A message has at most {WireLimits.MaxMessageLength} bytes; this one has {length}.", nameof(length)),
        SendResult.InvalidProtocol => new ArgumentException(
            $"'{protocol}' is not a protocol name: 1 to 64 printable ASCII characters, at most {WireLimits.MaxProtocols} names in a session.", nameof(protocol)),
        _ => session.EndedException(),
    };

    private async Task<Task> RetryAsync(Task room, string protocol, ReadOnlyMemory<byte> payload, byte priority, bool confirm, CancellationToken cancellationToken)
    {
        // Hashed once, however often somebody else takes the room.
        var hash = new byte[Blake3.HashLength];
        var digest = hash.AsMemory(0, hashing.Hash(protocol, payload.Span, hash).Length);
        while (true)
        {
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
            var result = TryQueue(protocol, payload.Span, digest.Span, priority, confirm, out var outcome, out var again);
            if (result == SendResult.Queued)
                return outcome;
            if (result != SendResult.Full)
                throw Failure(result, protocol, payload.Length, session);
            room = again!;
        }
    }

    private SendResult TryQueue(string protocol, ReadOnlySpan<byte> payload, byte priority, bool confirm, out Task outcome, out Task? room)
    {
        Span<byte> digest = stackalloc byte[Blake3.HashLength];
        return TryQueue(protocol, payload, hashing.Hash(protocol, payload, digest), priority, confirm, out outcome, out room);
    }

    private SendResult TryQueue(
        string protocol, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> digest, byte priority, bool confirm, out Task outcome, out Task? room)
    {
        room = null;
        var owned = CopyLong(payload);
        SendResult result;
        lock (session.Gate)
        {
            (var token, outcome) = confirm ? _waiters.Expect(protocol) : (0, Task.CompletedTask);
            result = session.TrySend(protocol, priority, payload, owned, digest, token);
            if (result != SendResult.Queued)
                _waiters.Forget(token);
            if (result == SendResult.Full)
                room = _waiters.Room();
        }

        GiveBack(owned, result);
        return result;
    }

    /// <summary>Long payloads are copied before the lock is taken, not under it.</summary>
    private static byte[]? CopyLong(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is <= PayloadArena.MaxShared or > WireLimits.MaxMessageLength)
            return null;
        var owned = SlabPool.Rent(payload.Length);
        payload.CopyTo(owned);
        return owned;
    }

    private static void GiveBack(byte[]? owned, SendResult result)
    {
        if (owned is not null && result != SendResult.Queued)
            SlabPool.Return(owned);
    }
}
