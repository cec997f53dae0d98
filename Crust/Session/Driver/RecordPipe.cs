using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Crust.Session.Records;
using Microsoft.AspNetCore.Connections;

namespace Crust.Session.Driver;

/// <summary>
/// Cuts a link's bytes into records and gathers records for writing. One reader and one writer at a time. Owns the link.
/// </summary>
internal sealed class RecordPipe(ConnectionContext link) : IAsyncDisposable
{
    private byte[]? _record;
    private ReadOnlySequence<byte> _held;
    private Memory<byte> _body;
    private bool _takesRecords;
    private int _disposed;

    internal ConnectionContext Link => link;

    internal PipeWriter Output => link.Transport.Output;

    /// <summary>The record that <see cref="ReadAsync"/> found; valid until the next call. Between records the pipe holds no buffer: most links are idle.</summary>
    internal RecordHeader Header { get; private set; }

    /// <summary>Its body, to be opened in place: the link's own memory where that is in one piece.</summary>
    internal Memory<byte> Body => _body;

    /// <summary>
    /// From now on records are expected, before only handshake messages were: an unproven peer may make us hold little. Not while reading.
    /// </summary>
    internal void ExpectRecords() => _takesRecords = true;

    /// <summary>Reads the next record.</summary>
    /// <returns>False when the link ended or what it carries is not a record; either way there is nothing more to read.</returns>
    internal async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        Release();
        var input = link.Transport.Input;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                return false;
            }

            var buffer = result.Buffer;
            if (!result.IsCanceled && buffer.Length >= RecordHeader.Length)
            {
                if (!TryReadHeader(buffer, out var header) || header.IsRecord != _takesRecords)
                    return false;
                var total = RecordHeader.Length + header.BodyLength;
                if (buffer.Length >= total)
                {
                    Hold(buffer.Slice(0, total), header);
                    return true;
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted || result.IsCanceled)
                return false;
        }
    }

    /// <summary>Sends what was written to <see cref="Output"/>; false when the link is gone.</summary>
    internal async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            return !result.IsCompleted && !result.IsCanceled;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Ends a <see cref="ReadAsync"/> that waits, or the next one, with false.</summary>
    internal void CancelRead() => link.Transport.Input.CancelPendingRead();

    /// <summary>Nothing more is written: the remote is told so where the link can tell. What was not flushed is lost.</summary>
    internal ValueTask FinishWritingAsync() => Output.CompleteAsync();

    /// <summary>Reads and forgets, until the remote ends the link, this side drops it, or <see cref="CancelRead"/>. Instead of <see cref="ReadAsync"/>, not beside it.</summary>
    internal async Task DrainAsync()
    {
        Release();
        var input = link.Transport.Input;
        try
        {
            ReadResult result;
            do
            {
                result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted && !result.IsCanceled);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It is gone, and that was waited for.
        }
    }

    /// <summary>Drops the link at once; a blocked read or write ends.</summary>
    internal void Abort(string reason) => link.Abort(new ConnectionAbortedException(reason));

    /// <summary>Closes the link in order. Readers and writers must have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        // Both return their buffers. With an exception, the writer does not try to flush what is left.
        Release();
        await link.Transport.Input.CompleteAsync().ConfigureAwait(false);
        await Output.CompleteAsync(new ConnectionAbortedException("the link is closed")).ConfigureAwait(false);
    }

    private static bool TryReadHeader(in ReadOnlySequence<byte> buffer, out RecordHeader header)
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Length];
        buffer.Slice(0, RecordHeader.Length).CopyTo(bytes);
        return RecordHeader.TryRead(bytes, out header);
    }

    /// <summary>Takes a record. A link that reads into memory of one piece lets it lie there: nobody else reads what was received.</summary>
    private void Hold(in ReadOnlySequence<byte> record, RecordHeader header)
    {
        Header = header;
        _held = record;
        var body = record.Slice(RecordHeader.Length);
        if (body.IsSingleSegment)
        {
            _body = MemoryMarshal.AsMemory(body.First);
            return;
        }

        _record = ArrayPool<byte>.Shared.Rent(header.BodyLength);
        body.CopyTo(_record);
        _body = _record.AsMemory(0, header.BodyLength);
    }

    /// <summary>Lets go of the last record: the link goes on behind it.</summary>
    private void Release()
    {
        if (_held.IsEmpty)
            return;
        link.Transport.Input.AdvanceTo(_held.End);
        _held = default;
        _body = default;
        if (_record is null)
            return;
        ArrayPool<byte>.Shared.Return(_record);
        _record = null;
    }
}
