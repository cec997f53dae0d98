using System.IO.Pipelines;
using Crust.Session.Driver;

#pragma warning disable RS0027 // The overloads are those of Stream.

namespace Crust;

/// <summary>
/// Bytes in order, both ways, beside everything else on a connection: flow-controlled for itself, signed like messages, carried on when the connection
/// changes its link. One reader and one writer at a time. Dispose of it when done.
/// </summary>
public sealed class PeerStream : Stream
{
    private readonly StreamEndpoint _endpoint;

    internal PeerStream(PeerConnection connection, StreamEndpoint endpoint)
    {
        Connection = connection;
        _endpoint = endpoint;
    }

    /// <summary>The connection that carries it.</summary>
    public PeerConnection Connection { get; }

    /// <summary>The protocol that it was opened with.</summary>
    public string Protocol => _endpoint.Protocol;

    /// <summary>True when everything that was received so far was signed by the peer.</summary>
    public bool IsSigned => _endpoint.IsSigned;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is there, or waits for something.</summary>
    /// <returns>Bytes read; 0 once the peer has ended its direction and all of it was read.</returns>
    /// <exception cref="PeerStreamException">The peer gave its direction up.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _endpoint.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamBrokenException or SessionEndedException)
        {
            throw Connection.Translate(e);
        }
    }

    /// <summary>Queues bytes; waits while the stream has no room. Cancelling stops the wait: a part may have been queued.</summary>
    /// <exception cref="PeerStreamException">The peer reads no more, or the direction has ended.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _endpoint.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StreamBrokenException or SessionEndedException)
        {
            throw Connection.Translate(e);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: a thread would have to wait for the peer. Read asynchronously.</exception>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: a thread would have to wait for the peer. Write asynchronously.</exception>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

    /// <summary>Does nothing: what was written is on its way.</summary>
    public override void Flush()
    {
    }

    /// <summary>Does nothing: what was written is on its way.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this side's direction: the peer reads to the end of what was written. Reading goes on.</summary>
    public void CompleteWriting() => _endpoint.Finish();

    /// <summary>Gives the stream up in both directions; the peer gets the code.</summary>
    /// <param name="code">The application's, at least 0.</param>
    public void Abort(int code)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        _endpoint.Abort(code);
    }

    /// <summary>
    /// The same stream as a pair of pipes. Completing the reader stops the peer's direction, completing the writer ends ours, or gives it up when there is an
    /// exception; both close the stream. A writer that holds bytes is completed asynchronously.
    /// </summary>
    public IDuplexPipe AsDuplexPipe() => new StreamPipes(this);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Wants no more of the peer's direction.</summary>
    internal void StopReading() => _endpoint.StopReading();

    /// <summary>Gives this side's direction up: the peer must not take what arrived for all of it.</summary>
    internal void GiveUpWriting() => _endpoint.GiveUpWriting(StreamEndpoint.HandlerFailed);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _endpoint.Close();
        base.Dispose(disposing);
    }
}
