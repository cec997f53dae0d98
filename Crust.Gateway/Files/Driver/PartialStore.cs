using Crust.Primitives.Driver;
using Microsoft.Win32.SafeHandles;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// The disk of one transfer: <c>journal</c>; <c>INDEX.part</c>, the file under way; <c>tree/</c>, where complete files lie as they will in the end. One
/// process at a time has it: the journal is open for it alone. One caller at a time.
/// </summary>
internal sealed class PartialStore : IDisposable
{
    /// <summary>After so many bytes the disk begins to write them, so that the end of a large file need not wait for all of it. Ours.</summary>
    private const long FlushInterval = 32 << 20;

    private readonly string _folder;
    private readonly string _tree;
    private readonly Manifest _manifest;
    private readonly FileStream _journal;
    private SafeFileHandle? _part;
    private int _partIndex = -1;
    private long _unflushed;
    private Task _flushing = Task.CompletedTask;

    /// <summary>Opens what is there of a transfer, or begins it.</summary>
    /// <exception cref="RefusedException">Another process has it.</exception>
    internal PartialStore(string folder, Manifest manifest)
    {
        _folder = folder;
        _tree = Path.Combine(folder, "tree");
        _manifest = manifest;
        RequireNoLink(Path.Combine(folder, "journal"));
        RequireNoLink(_tree);
        try
        {
            _journal = new FileStream(
                Path.Combine(folder, "journal"), new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 });
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new RefusedException(RefusalCode.Busy, "Another process receives this already.", null, e);
        }

        var bytes = new byte[Math.Min(_journal.Length, Files.Journal.MaxLength)];
        _journal.ReadExactly(bytes);
        Journal = Files.Journal.Parse(bytes);
        _journal.SetLength(Journal.ValidLength);
        _journal.Position = Journal.ValidLength;
        Directory.CreateDirectory(_tree);
    }

    /// <summary>What the journal said when it was opened.</summary>
    internal Journal Journal { get; }

    /// <summary>The root as it will be moved into place.</summary>
    internal string Root => Path.Combine(_tree, _manifest.Root.Name);

    /// <summary>Where a complete file or folder lies.</summary>
    internal string PathOf(int index) => Path.Combine(_tree, _manifest.PathOf(index));

    /// <summary>Length of the part of a file that is there; 0 when none is.</summary>
    internal long PartLength(int index) => new FileInfo(PartPath(index)) is { Exists: true, LinkTarget: null } part ? part.Length : 0;

    /// <summary>Opens a part for reading, if there is one.</summary>
    internal FileStream? OpenPart(int index) => PartLength(index) > 0 ? File.OpenRead(PartPath(index)) : null;

    /// <summary>Deletes all parts but one.</summary>
    internal void DeletePartsExcept(int index)
    {
        foreach (var part in Directory.EnumerateFiles(_folder, "*.part").Where(p => p != PartPath(index)))
            File.Delete(part);
    }

    /// <summary>Deletes complete files of which the journal does not know: they are of no use and in the way.</summary>
    internal void DeleteUnknown(Func<int, bool> isDone)
    {
        if (!Directory.EnumerateFileSystemEntries(_tree).Any())
            return;
        for (var i = 0; i < _manifest.Entries.Count; i++)
        {
            if (!_manifest.Entries[i].IsFolder && !isDone(i))
                DeleteComplete(i);
        }
    }

    /// <summary>Deletes a file of the tree, if it is there.</summary>
    internal void DeleteComplete(int index)
    {
        var path = PathOf(index);
        if (File.Exists(path))
            File.Delete(path);
    }

    /// <summary>Cuts the part of a file to a length, 0 included.</summary>
    internal void Truncate(int index, long length) => RandomAccess.SetLength(Part(index), length);

    /// <summary>Writes bytes of a file; all of them are with the operating system when this returns.</summary>
    internal void Write(int index, long offset, ReadOnlySpan<byte> data)
    {
        var part = Part(index);
        RandomAccess.Write(part, data, offset);
        _unflushed += data.Length;
        if (_unflushed < FlushInterval || !_flushing.IsCompleted)
            return;
        _unflushed = 0;
        _flushing = Task.Run(() =>
        {
            try
            {
                RandomAccess.FlushToDisk(part);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
            {
                // Only an early start: what failed fails again where it counts, in Sync.
            }
        });
    }

    /// <summary>The file under way is complete and verified: it gets its time and mode, goes to its place in the tree, and the journal says so.</summary>
    internal void Complete(int index, ReadOnlySpan<byte> hash)
    {
        var entry = _manifest.Entries[index];
        var part = Part(index);
        if (entry.IsExecutable && !OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(part);
            // Whoever may read it may execute it.
            File.SetUnixFileMode(part, mode | (UnixFileMode)(((int)mode & 0b100_100_100) >> 2));
        }

        ClosePart();
        var path = PathOf(index);
        File.SetLastWriteTimeUtc(PartPath(index), entry.Modified);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Never over another: where two names are one to this file system, the second is an error and not a loss.
        ExclusiveMove.Move(PartPath(index), path);
        _journal.Write(System.Text.Encoding.UTF8.GetBytes(Files.Journal.DoneLine(index, hash)));
    }

    /// <summary>The part of a file is wrong.</summary>
    internal void DeletePart(int index)
    {
        ClosePart();
        File.Delete(PartPath(index));
    }

    /// <summary>Makes the folders, gives them their times, and brings everything to the disk.</summary>
    internal void FinishTree()
    {
        for (var i = 0; i < _manifest.Entries.Count; i++)
        {
            if (_manifest.Entries[i].IsFolder)
                Directory.CreateDirectory(PathOf(i));
        }

        // The innermost first: making a folder changes the time of the one around it.
        for (var i = _manifest.Entries.Count - 1; i >= 0; i--)
        {
            if (_manifest.Entries[i].IsFolder)
                Directory.SetLastWriteTimeUtc(PathOf(i), _manifest.Entries[i].Modified);
        }

        Sync();
    }

    /// <summary>Notes where everything is about to go.</summary>
    internal void NotePlacing(string name)
    {
        _journal.Write(System.Text.Encoding.UTF8.GetBytes(Files.Journal.PlacingLine(name)));
        _journal.Flush(flushToDisk: true);
    }

    /// <summary>Brings everything to the disk.</summary>
    internal void Sync()
    {
        WaitForFlush();
        DiskSync.Flush(_journal.SafeFileHandle, Enumerable.Range(0, _manifest.Entries.Count).Where(i => !_manifest.Entries[i].IsFolder).Select(PathOf).Where(File.Exists));
    }

    /// <summary>Deletes everything of the transfer.</summary>
    internal void Delete()
    {
        Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ClosePart();
        _journal.Dispose();
    }

    private string PartPath(int index) => Path.Combine(_folder, $"{index}.part");

    private SafeFileHandle Part(int index)
    {
        if (_part is not null && _partIndex == index)
            return _part;
        ClosePart();
        RequireNoLink(PartPath(index));
        _partIndex = index;
        return _part = File.OpenHandle(PartPath(index), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    private void ClosePart()
    {
        if (_part is null)
            return;
        WaitForFlush();
        _part.Dispose();
        _part = null;
    }

    /// <summary>On a thread of its own, and never faults: waiting for it is waiting for the disk.</summary>
    private void WaitForFlush() => _flushing.Wait();

    private static void RequireNoLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
            throw new IOException($"'{path}' is a link, which could lead anywhere; remove it.");
    }
}
