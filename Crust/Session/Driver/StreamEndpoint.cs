using Crust.Buffers;
using Crust.Cryptography;
using Crust.Primitives;
using Crust.Session.Streams;

namespace Crust.Session.Driver;

/// <summary>
/// A stream as its user sees it: reads what arrived, writes with the stream's own flow control, ends each direction for itself. One reader and one writer
/// at a time. Its state is guarded by the session's lock, under which the <c>On</c> methods are called.
/// </summary>
#pragma warning disable CA1001 // The token source is never disposed of: whoever watches it must not fault. Without a timer it holds nothing.
internal sealed class StreamEndpoint(SessionDriver session, SessionStream stream)
#pragma warning restore CA1001
{
    /// <summary>Code of a stream whose handler threw.</summary>
    internal const int HandlerFailed = 2;

    /// <summary>Code of a stream for whose protocol there is no handler.</summary>
    internal const int UnknownProtocol = 1;

    /// <summary>Code that a reader here gets of a stream of which a piece was not signed although its protocol must be; the peer is told <see cref="UnknownProtocol"/>.</summary>
    internal const int SignatureMissing = 4;

    /// <summary>Code of a stream that is one too many: handlers of streams that are over for the peer still run.</summary>
    internal const int TooMany = 3;

    private readonly RingBuffer<PayloadLease> _arrived = new();
    private TaskCompletionSource? _readable;
    private TaskCompletionSource? _writable;
    private int _offset;
    private bool _isFinished;
    private bool _isAbandoned;
    private bool _isUnsigned;
    private int? _resetCode;
    private int? _stopCode;
    private bool _isOver;
    private CancellationTokenSource? _stopped;

    internal string Protocol => stream.Protocol;

    internal SessionDriver Session => session;

    /// <summary>True when all that arrived so far was signed.</summary>
    internal bool IsSigned { get; private set; } = true;

    /// <summary>Cancelled when the peer wants no more of our direction, or the session ends.</summary>
    internal CancellationToken Stopped
    {
        get
        {
            lock (session.Gate)
            {
                if (_stopped is null)
                {
                    _stopped = new CancellationTokenSource();
                    if (_stopCode is not null || _isOver)
                        _stopped.Cancel();
                }

                return _stopped.Token;
            }
        }
    }

    /// <summary>Reads what is there, or waits for something.</summary>
    /// <returns>Bytes read; 0 at the end of the peer's direction.</returns>
    /// <exception cref="StreamBrokenException">The peer gave its direction up.</exception>
    /// <exception cref="SessionEndedException">The session ended before the peer's direction did.</exception>
    internal async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (destination.IsEmpty)
            return 0;
        while (true)
        {
            Task wait;
            lock (session.Gate)
            {
                if (TryRead(destination.Span) is { } length)
                    return length;
                wait = (_readable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Queues bytes; waits while stream or session have no room. Cancelling stops the wait: a part may be queued.</summary>
    /// <exception cref="StreamBrokenException">The peer wants no more, or the direction has ended.</exception>
    /// <exception cref="SessionEndedException">The session ended.</exception>
    internal ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        Span<byte> hash = stackalloc byte[Blake3.HashLength];
        while (!source.IsEmpty)
        {
            var piece = FirstPiece(source);
            var digest = session.Hashing.Hash(Protocol, piece.Span, hash);
            if (WriteOrWait(piece.Span, digest) is { } wait)
                return new ValueTask(WriteWaitingAsync(source, digest.ToArray(), wait, cancellationToken));
            source = source[piece.Length..];
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Ends our direction: the peer reads to the end of what was written.</summary>
    internal void Finish() => session.Act(m => m.Finish(stream, session.Now));

    /// <summary>Gives our direction up with a code; reading goes on.</summary>
    internal void GiveUpWriting(int code) => session.Act(m => m.Reset(stream, code, session.Now));

    /// <summary>Wants no more of the peer's direction; writing goes on.</summary>
    internal void StopReading() => session.Act(m => StopReading(m, 0));

    /// <summary>Gives both directions up with a code.</summary>
    internal void Abort(int code)
    {
        session.Act(m =>
        {
            m.Reset(stream, code, session.Now);
            StopReading(m, code);
        });
    }

    /// <summary>Ends our direction, and the peer's if it has not ended: nobody reads it any more.</summary>
    internal void Close()
    {
        session.Act(m =>
        {
            m.Finish(stream, session.Now);
            StopReading(m, 0);
        });
    }

    /// <summary>A piece came that is not signed although its protocol must be: both directions are given up, and nobody reads it.</summary>
    internal void RefuseUnsigned()
    {
        if (_isAbandoned)
            return;
        _isUnsigned = true;
        _resetCode = SignatureMissing;
        Abort(UnknownProtocol);
    }

    internal void OnData(PayloadLease payload, bool isSigned)
    {
        // What came in one record with the opening that was refused: nobody will read it, and its credit must not stay away.
        if (_isAbandoned)
        {
            session.StreamConsumed(stream, payload);
            return;
        }

        IsSigned &= isSigned;
        _arrived.Add(payload);
        Wake(ref _readable);
    }

    internal void OnFinished(bool isSigned)
    {
        IsSigned &= isSigned;
        _isFinished = true;
        Wake(ref _readable);
    }

    internal void OnReset(int code)
    {
        _resetCode = code;
        Wake(ref _readable);
    }

    internal void OnStopped(int code)
    {
        _stopCode = code;
        Wake(ref _writable);
        CancelStopped();
    }

    internal void OnWritable() => Wake(ref _writable);

    internal void OnSessionEnded()
    {
        _isOver = true;
        Wake(ref _readable);
        Wake(ref _writable);
        CancelStopped();
    }

    /// <summary>Whoever registered is not to run under the session's lock.</summary>
    private void CancelStopped() => _ = _stopped?.CancelAsync();

    private static void Wake(ref TaskCompletionSource? waiter)
    {
        waiter?.TrySetResult();
        waiter = null;
    }

    private static ReadOnlyMemory<byte> FirstPiece(ReadOnlyMemory<byte> source) => source[..Math.Min(source.Length, WireLimits.MaxStreamChunk)];

    /// <summary>Goes on where there was no room. A piece is hashed once, however often it waits.</summary>
    private async Task WriteWaitingAsync(ReadOnlyMemory<byte> source, byte[] firstDigest, Task wait, CancellationToken cancellationToken)
    {
        var hash = new byte[Blake3.HashLength];
        var (piece, digest) = (FirstPiece(source), firstDigest.AsMemory());
        while (true)
        {
            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
            Task? again;
            while ((again = WriteOrWait(piece.Span, digest.Span)) is null)
            {
                source = source[piece.Length..];
                if (source.IsEmpty)
                    return;
                piece = FirstPiece(source);
                digest = hash.AsMemory(0, session.Hashing.Hash(Protocol, piece.Span, hash).Length);
            }

            wait = again;
        }
    }

    /// <summary>Queues a piece, or returns what ends when there is room again.</summary>
    private Task? WriteOrWait(ReadOnlySpan<byte> piece, ReadOnlySpan<byte> digest)
    {
        lock (session.Gate)
        {
            if (_stopCode is { } code)
                throw new StreamBrokenException($"The peer reads no more of the stream (code {code}).", code);
            return session.Write(stream, piece, digest) switch
            {
                > 0 => null,
                0 => (_writable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task,
                _ => throw (_isOver ? session.EndedException() : new StreamBrokenException("The stream's direction has ended.", 0)),
            };
        }
    }

    private int? TryRead(Span<byte> destination)
    {
        if (_arrived.Count > 0)
        {
            var total = 0;
            while (_arrived.Count > 0 && total < destination.Length)
            {
                var chunk = _arrived[0];
                var length = Math.Min(chunk.Length - _offset, destination.Length - total);
                chunk.Span.Slice(_offset, length).CopyTo(destination[total..]);
                total += length;
                _offset += length;
                if (_offset < chunk.Length)
                    break;
                _ = _arrived.TryTake(out _);
                _offset = 0;
                session.StreamConsumed(stream, chunk);
            }

            return total;
        }

        if (_isFinished)
            return 0;
        if (_resetCode is { } code)
            throw new StreamBrokenException(_isUnsigned ? "The peer left unsigned what has to be signed." : $"The peer gave the stream up (code {code}).", code);
        if (_isOver)
            throw session.EndedException();
        return null;
    }

    /// <summary>Under the session's lock.</summary>
    private void StopReading(SessionMachine machine, int code)
    {
        machine.Stop(stream, code, session.Now);
        _isAbandoned = true;
        while (_arrived.TryTake(out var chunk))
            session.StreamConsumed(stream, chunk);
        _offset = 0;
        _resetCode ??= code;
        Wake(ref _readable);
    }
}
