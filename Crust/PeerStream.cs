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

    /// <summary>The same stream as a pair of pipes. Completing both closes it.</summary>
    public IDuplexPipe AsDuplexPipe() => new DuplexPipe(this);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _endpoint.Close();
        base.Dispose(disposing);
    }

    private sealed class DuplexPipe : IDuplexPipe
    {
        internal DuplexPipe(PeerStream stream)
        {
            Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
            Output = PipeWriter.Create(new WritingSide(stream), new StreamPipeWriterOptions(leaveOpen: false));
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }
    }

    /// <summary>Completing the writer ends the writing side only.</summary>
    private sealed class WritingSide(PeerStream stream) : Stream
    {
        public override bool CanRead => false;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => stream.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => stream.WriteAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => stream.Write(buffer, offset, count);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.CompleteWriting();
            base.Dispose(disposing);
        }
    }
}
