using System.IO.Pipelines;

namespace Crust;

/// <summary>A <see cref="PeerStream"/> as a pair of pipes, each of which ends its own direction.</summary>
internal sealed class StreamPipes : IDuplexPipe
{
    internal StreamPipes(PeerStream stream)
    {
        Input = PipeReader.Create(new ReadingSide(stream));
        Output = new Writer(stream);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Completing the reader stops the peer's direction, if that has not ended.</summary>
    private sealed class ReadingSide(PeerStream stream) : Side
    {
        public override bool CanRead => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            stream.ReadAsync(buffer, offset, count, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.StopReading();
            base.Dispose(disposing);
        }
    }

    private sealed class WritingSide(PeerStream stream) : Side
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => stream.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => stream.WriteAsync(buffer, offset, count, cancellationToken);
    }

    /// <summary>
    /// The pipe that the framework makes of a stream forgets why it was completed: an exception must reach the peer as a reset, or half of the data would look like
    /// all of it.
    /// </summary>
    private sealed class Writer(PeerStream stream) : PipeWriter
    {
        private readonly PipeWriter _inner = Create(new WritingSide(stream), new StreamPipeWriterOptions(leaveOpen: true));

        public override bool CanGetUnflushedBytes => _inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => _inner.UnflushedBytes;

        public override void Advance(int bytes) => _inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => _inner.CancelPendingFlush();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => _inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            _inner.WriteAsync(source, cancellationToken);

        public override void Complete(Exception? exception = null)
        {
            _inner.Complete(exception);
            End(exception);
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            await _inner.CompleteAsync(exception).ConfigureAwait(false);
            End(exception);
        }

        private void End(Exception? exception)
        {
            if (exception is null)
                stream.CompleteWriting();
            else
                stream.GiveUpWriting();
        }
    }

    /// <summary>What both sides leave out.</summary>
    private abstract class Side : Stream
    {
        public override bool CanRead => false;

        public override bool CanWrite => false;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write, flush and complete asynchronously.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
