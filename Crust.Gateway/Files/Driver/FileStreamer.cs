using Crust.Cryptography;
using Crust.Transport;
using Microsoft.Win32.SafeHandles;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// Reads files, hashes them and sends them in chunks, one after the other; the session's own backpressure holds it. One file is open at a time, and one
/// buffer does for all. One caller at a time.
/// </summary>
internal sealed class FileStreamer(SourceTree source, RatePacer pacer, TransferProgress progress)
{
    private readonly byte[] _buffer = new byte[FileProtocol.ChunkMessageLength];
    private readonly byte[]?[] _hashes = new byte[source.Manifest.Entries.Count][];
    private Blake3Hasher? _firstHasher;

    /// <summary>Bytes of files that were sent.</summary>
    internal long BytesSent { get; private set; }

    /// <summary>The hash of each file, in manifest order; all must be known.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Hashes =>
        [.. Enumerable.Range(0, _hashes.Length).Where(i => !source.Manifest.Entries[i].IsFolder).Select(i => (ReadOnlyMemory<byte>)_hashes[i]!)];

    /// <summary>A file arrived with another hash: what was known of it counts no more.</summary>
    internal void Forget(int index) => _hashes[index] = null;

    /// <summary>Hashes the files that the receiver has and this process has not hashed yet: the receipt is compared with them.</summary>
    internal Task HashDoneAsync(SendPlan plan, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            foreach (var index in plan.Done.Where(i => _hashes[i] is null))
            {
                using var handle = source.Open(index);
                var hasher = new Blake3Hasher();
                Hash(index, handle, hasher, 0, source.Manifest.Entries[index].Length, cancellationToken);
                source.RequireUnchanged(index, handle);
                _hashes[index] = Finish(hasher);
            }
        },
        cancellationToken);

    /// <summary>Finds the largest of the receiver's resume points before which both have the same bytes, and makes the plan begin there.</summary>
    internal Task<long> ChooseStartAsync(SendPlan plan, ReceiverState state, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _firstHasher = null;
            if (state.Partial is not { } index)
                return 0;
            using var handle = source.Open(index);
            var length = source.Manifest.Entries[index].Length;
            var (hasher, at, best) = (new Blake3Hasher(), 0L, 0L);
            foreach (var point in state.Points.Where(p => p.Offset <= length).Reverse())
            {
                Hash(index, handle, hasher, at, point.Offset, cancellationToken);
                at = point.Offset;
                if (point.PrefixHash.Span.SequenceEqual(Finish(hasher)))
                    best = at;
            }

            if (best != at)
            {
                hasher = new Blake3Hasher();
                Hash(index, handle, hasher, 0, best, cancellationToken);
            }

            _firstHasher = hasher;
            return plan.FirstOffset = best;
        },
        cancellationToken);

    /// <summary>Sends what is missing.</summary>
    internal async Task StreamAsync(PeerConnection connection, uint attempt, SendPlan plan, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var (offset, hasher) = (plan.FirstOffset, _firstHasher ?? new Blake3Hasher());
        foreach (var index in plan.Missing)
        {
            using (var handle = source.Open(index))
            {
                await StreamAsync(connection, attempt, index, handle, offset, hasher, cancellationToken);
                source.RequireUnchanged(index, handle);
            }

            var hash = _hashes[index] = Finish(hasher);
            await connection.SendAsync(FileProtocol.Name, FileCodec.Write(new FileMessage.FileEnd(attempt, index, hash)), cancellationToken);
            progress.Set(progress.Bytes, progress.FilesDone + 1);
            progress.Path = connection.Path.ToToken();
            offset = 0;
            hasher.Reset();
        }
    }

    private async Task StreamAsync(
        PeerConnection connection, uint attempt, int index, SafeFileHandle handle, long offset, Blake3Hasher hasher, CancellationToken cancellationToken)
    {
        var length = source.Manifest.Entries[index].Length;
        while (offset < length)
        {
            var take = (int)Math.Min(FileProtocol.ChunkLength, length - offset);
            Read(index, handle, _buffer.AsSpan(FileCodec.ChunkHeaderLength, take), offset);
            hasher.Update(_buffer.AsSpan(FileCodec.ChunkHeaderLength, take));
            FileCodec.WriteChunkHeader(_buffer, attempt, index, offset);
            await pacer.WaitAsync(take, cancellationToken);
            // The payload is copied before this returns: the buffer can be filled again.
            await connection.SendAsync(FileProtocol.Name, _buffer.AsMemory(0, FileCodec.ChunkHeaderLength + take), cancellationToken);
            offset += take;
            BytesSent += take;
            progress.Set(progress.Bytes + take, progress.FilesDone);
        }
    }

    private void Hash(int index, SafeFileHandle handle, Blake3Hasher hasher, long from, long to, CancellationToken cancellationToken)
    {
        while (from < to)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, to - from));
            Read(index, handle, part, from);
            hasher.Update(part);
            from += part.Length;
        }
    }

    /// <summary>Fills the span; a file that ends early has changed.</summary>
    private void Read(int index, SafeFileHandle handle, Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            int read;
            try
            {
                read = RandomAccess.Read(handle, destination, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new TransferFailedException("unreadable", $"'{source.Shown(index)}' cannot be read any more: {e.Message}", e);
            }

            if (read == 0)
                throw source.Changed(index);
            destination = destination[read..];
            offset += read;
        }
    }

    private static byte[] Finish(Blake3Hasher hasher)
    {
        var hash = new byte[Blake3.HashLength];
        hasher.Finish(hash);
        return hash;
    }
}
