using Crust.Cryptography;
using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// One transfer as its receiver has it: the plan, the hash of the file under way, the disk. It outlives connections; whoever has its gate works on it.
/// Methods block on the disk.
/// </summary>
#pragma warning disable CA1001 // Its files are closed by Close, by whoever takes it out of the table; a gate without a wait handle holds nothing.
internal sealed class IncomingTransfer
#pragma warning restore CA1001
{
    private const int ReadLength = 256 << 10;

    private readonly PartialFolder _folder;
    private readonly Blake3Hasher _hasher = new();
    private PartialStore? _store;
    private IReadOnlyList<ResumePoint>? _foundPoints;

    internal IncomingTransfer(TransferId id, PeerId sender, Manifest manifest, PartialFolder folder)
    {
        Id = id;
        Sender = sender;
        Manifest = manifest;
        Plan = new ReceivePlan(manifest);
        Progress = new TransferProgress(id, manifest);
        _folder = folder;
    }

    internal TransferId Id { get; }

    internal PeerId Sender { get; }

    internal Manifest Manifest { get; }

    internal ReceivePlan Plan { get; }

    internal TransferProgress Progress { get; }

    /// <summary>One at a time: connections of one sender may overlap.</summary>
    internal SemaphoreSlim Gate { get; } = new(1);

    /// <summary>The connection that serves it; null while its sender is away. Under the gate.</summary>
    internal object? Owner { get; set; }

    /// <summary>When it last got something, by the clock of its owner.</summary>
    internal long LastUsed { get; set; }

    /// <summary>Where it was put, once it was.</summary>
    internal string? PlacedAt { get; private set; }

    /// <summary>Reads and hashes again what an earlier process left. Nothing is believed unread.</summary>
    internal void Open(CancellationToken cancellationToken)
    {
        if (_store is not null)
            return;
        var store = new PartialStore(_folder.Of(Id), Manifest);
        try
        {
            if (FindPlaced(store))
            {
                _store = store;
                return;
            }

            store.DeleteUnknown(store.Journal.Done.ContainsKey);
            foreach (var (index, hash) in store.Journal.Done.Where(d => d.Key < Manifest.Entries.Count && !Manifest.Entries[d.Key].IsFolder).OrderBy(d => d.Key))
            {
                if (HasHash(store.PathOf(index), Manifest.Entries[index].Length, hash, cancellationToken))
                    Plan.Complete(index, hash);
                else
                    store.DeleteComplete(index);
                Progress.Set(Plan.Received, Plan.FilesDone);
            }

            store.DeletePartsExcept(Plan.Current);
            FindPart(store, cancellationToken);
            _store = store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>What to tell the sender, and what it may do next.</summary>
    internal ReceiverState Offer()
    {
        var points = _foundPoints ?? (Plan.Offset > 0 ? [new ResumePoint(Plan.Offset, Hash())] : []);
        _foundPoints = null;
        return Plan.Offer(points);
    }

    /// <summary>Refuses what there is no room for.</summary>
    internal void RequireSpace()
    {
        var (needed, free) = (Manifest.TotalLength - Plan.Received, _folder.FreeSpace);
        if (needed > free)
        {
            throw new RefusedException(
                RefusalCode.DiskFull, $"{ByteSize.Format(needed)} are still to come and there is room for {ByteSize.Format(free)}.",
                $"The disk is too full for '{Printable.Of(Manifest.Root.Name)}': {ByteSize.Format(needed)} are still to come and there is room for {ByteSize.Format(free)}.");
        }
    }

    /// <summary>Stores a chunk.</summary>
    /// <exception cref="RefusedException">It is not what may come.</exception>
    internal void Write(in FileChunk chunk, CancellationToken cancellationToken)
    {
        var store = _store!;
        var verdict = Plan.Judge(chunk.Index, chunk.Offset, chunk.Data.Length);
        if (verdict == ChunkVerdict.Violation)
            throw new RefusedException(RefusalCode.ProtocolViolation, "A chunk came out of order.");
        if (verdict == ChunkVerdict.Rewind)
        {
            store.Truncate(chunk.Index, chunk.Offset);
            Plan.Rewind(chunk.Offset);
            _hasher.Reset();
            using var part = store.OpenPart(chunk.Index);
            if (part is not null)
                HashUpTo(part, chunk.Offset, cancellationToken);
        }

        store.Write(chunk.Index, chunk.Offset, chunk.Data.Span);
        _hasher.Update(chunk.Data.Span);
        Plan.Append(chunk.Data.Length);
        Progress.Set(Plan.Received, Plan.FilesDone);
    }

    /// <summary>Ends a file; false when it arrived with another hash than it was sent with, and is gone.</summary>
    /// <exception cref="RefusedException">It may not end yet.</exception>
    internal bool EndFile(int index, ReadOnlySpan<byte> hash)
    {
        if (!Plan.MayEnd(index))
            throw new RefusedException(RefusalCode.ProtocolViolation, "A file ended before all of it came.");
        if (!hash.SequenceEqual(Hash()))
        {
            _store!.DeletePart(index);
            Plan.Rewind(0);
            _hasher.Reset();
            return false;
        }

        if (Plan.Offset == 0)
            _store!.Truncate(index, 0);
        _store!.Complete(index, hash);
        Plan.Complete(index, hash);
        _hasher.Reset();
        Progress.Set(Plan.Received, Plan.FilesDone);
        return true;
    }

    /// <summary>Moves everything into place, once; where it is then.</summary>
    internal string Place()
    {
        if (PlacedAt is not null)
            return PlacedAt;
        var store = _store!;
        store.FinishTree();
        PlacedAt = Placement.Move(store.Root, _folder.Receiving, Manifest.Root.Name, Manifest.Root.IsFolder, store.NotePlacing);
        store.Sync();
        return PlacedAt;
    }

    /// <summary>The statement that all is there.</summary>
    internal Receipt Receipt(PeerId self, DateTimeOffset now) => Files.Receipt.For(Id, Sender, self, Manifest, [.. Plan.Hashes], now);

    /// <summary>Deletes what was kept besides the files themselves.</summary>
    internal void Forget()
    {
        _store?.Delete();
        _store = null;
        _folder.DeleteIfEmpty();
    }

    /// <summary>Closes its files; what is there is kept, but not the folder of a transfer that brought nothing. It is of no use afterwards.</summary>
    internal void Close()
    {
        if (_store is not null && Plan.Received == 0 && PlacedAt is null)
            Forget();
        _store?.Dispose();
        _store = null;
    }

    /// <summary>Whether all was put in place before, and its sender has not thanked for the receipt. What its user took away since is not there.</summary>
    private bool FindPlaced(PartialStore store)
    {
        if (store.Journal.Placing is not { } name || EntryName.Objection(name, OperatingSystem.IsWindows()) is not null || Placement.IsTaken(store.Root)
            || Enumerable.Range(0, Manifest.Entries.Count).Any(i => !Manifest.Entries[i].IsFolder && !store.Journal.Done.ContainsKey(i)))
            return false;
        var path = Path.Combine(_folder.Receiving, name);
        if (Manifest.Root.IsFolder ? !Directory.Exists(path) : new FileInfo(path) is not { Exists: true } file || file.Length != Manifest.Root.Length)
            return false;
        for (var i = 0; i < Manifest.Entries.Count; i++)
        {
            if (!Manifest.Entries[i].IsFolder)
                Plan.Complete(i, store.Journal.Done[i]);
        }

        PlacedAt = path;
        return true;
    }

    /// <summary>Hashes the part of the file that comes next, with the hash at each place from which it may go on.</summary>
    private void FindPart(PartialStore store, CancellationToken cancellationToken)
    {
        if (Plan.IsComplete)
            return;
        var length = store.PartLength(Plan.Current);
        if (length > Manifest.Entries[Plan.Current].Length)
        {
            store.DeletePart(Plan.Current);
            return;
        }

        using var part = store.OpenPart(Plan.Current);
        if (part is null)
            return;
        var points = new List<ResumePoint>();
        foreach (var offset in ResumePoint.OffsetsFor(length).Reverse())
        {
            HashUpTo(part, offset, cancellationToken);
            points.Insert(0, new ResumePoint(offset, Hash()));
        }

        Plan.Found(length);
        _foundPoints = points;
        Progress.Set(Plan.Received, Plan.FilesDone);
    }

    private static bool HasHash(string path, long length, byte[] hash, CancellationToken cancellationToken)
    {
        if (new FileInfo(path) is not { Exists: true, LinkTarget: null } file || file.Length != length)
            return false;
        using var stream = File.OpenRead(path);
        var hasher = new Blake3Hasher();
        Hash(stream, length, hasher, cancellationToken);
        return hash.AsSpan().SequenceEqual(Finish(hasher));
    }

    private void HashUpTo(FileStream stream, long offset, CancellationToken cancellationToken) => Hash(stream, offset, _hasher, cancellationToken);

    private static void Hash(FileStream stream, long offset, Blake3Hasher hasher, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(ReadLength, Math.Max(1, offset))];
        while (stream.Position < offset)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, offset - stream.Position));
            stream.ReadExactly(part);
            hasher.Update(part);
        }
    }

    private byte[] Hash() => Finish(_hasher);

    private static byte[] Finish(Blake3Hasher hasher)
    {
        var hash = new byte[Blake3.HashLength];
        hasher.Finish(hash);
        return hash;
    }
}
