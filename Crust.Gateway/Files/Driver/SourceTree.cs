using Microsoft.Win32.SafeHandles;

namespace Crust.Gateway.Files.Driver;

/// <summary>What is to be sent, as it lies on the disk. Links and what is no file are left out and counted; what cannot be read is an error.</summary>
internal sealed class SourceTree
{
    private readonly string _root;

    private SourceTree(string root, Manifest manifest, int skipped)
    {
        _root = root;
        Manifest = manifest;
        Skipped = skipped;
    }

    internal Manifest Manifest { get; }

    /// <summary>How many links and special files were left out.</summary>
    internal int Skipped { get; }

    /// <summary>Looks through a file or folder. A link that is named itself is followed, as by <c>scp</c>.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="skipped">Told the path of what is left out, and why.</param>
    /// <exception cref="TransferFailedException">It does not exist, cannot be read, or is more than a transfer holds.</exception>
    internal static SourceTree Scan(string path, Action<string, string> skipped)
    {
        var scan = new Scanner(skipped);
        try
        {
            var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            FileSystemInfo info = Directory.Exists(root) ? new DirectoryInfo(root) : new FileInfo(root);
            if (!info.Exists)
                throw new TransferFailedException("not-found", $"There is no file or folder '{Printable.Of(path)}'.");
            var target = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
            var name = info.Name.Length > 0 && info.Name != Path.DirectorySeparatorChar.ToString() ? info.Name : "root";
            if (target is FileInfo && !FileKind.IsRegularFile(target.FullName))
                throw new TransferFailedException("not-a-file", $"'{Printable.Of(path)}' is neither a file nor a folder.");
            scan.Add(target, name, parent: -1, depth: 0);
            return new SourceTree(target.FullName, Manifest.Create(scan.Entries), scan.Skipped);
        }
        catch (InvalidDataException e)
        {
            throw new TransferFailedException("cannot-be-sent", e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransferFailedException("unreadable", $"'{Printable.Of(scan.At ?? path)}' cannot be read: {Reason(e)}", e);
        }
    }

    /// <summary>Opens a file of the manifest; it must still be as it was.</summary>
    /// <exception cref="TransferFailedException">It changed, is gone, or cannot be read.</exception>
    internal SafeFileHandle Open(int index)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = OpenFile(FullPath(index));
            RequireUnchanged(index, handle);
            return handle;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransferFailedException("unreadable", $"'{Shown(index)}' cannot be read any more: {Reason(e)}", e);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    /// <summary>Length and time of an open file are those of the manifest.</summary>
    /// <exception cref="TransferFailedException">They are not.</exception>
    internal void RequireUnchanged(int index, SafeFileHandle handle)
    {
        var entry = Manifest.Entries[index];
        if (RandomAccess.GetLength(handle) != entry.Length || File.GetLastWriteTimeUtc(handle).Ticks != entry.ModifiedTicks)
            throw Changed(index);
    }

    internal TransferFailedException Changed(int index) =>
        new("changed", $"'{Shown(index)}' changed while it was being sent. Send again when it is at rest.");

    /// <summary>The path of a file as its user knows it.</summary>
    internal string Shown(int index) => Printable.Of(Manifest.PathOf(index));

    private string FullPath(int index) =>
        index == 0 ? _root : Path.Combine(_root, Manifest.PathOf(index)[(Manifest.Root.Name.Length + 1)..]);

    private static SafeFileHandle OpenFile(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

    private static string Reason(Exception e) => e is UnauthorizedAccessException ? "access is denied." : e.Message;

    /// <summary>The walk through the folders.</summary>
    private sealed class Scanner(Action<string, string> skipped)
    {
        internal List<ManifestEntry> Entries { get; } = [];

        internal int Skipped { get; private set; }

        /// <summary>Where the walk stands.</summary>
        internal string? At { get; private set; }

        internal void Add(FileSystemInfo info, string name, int parent, int depth)
        {
            At = info.FullName;
            if (depth > FileProtocol.MaxDepth || Entries.Count >= FileProtocol.MaxEntries)
                throw new InvalidDataException($"This cannot be sent: more than {FileProtocol.MaxEntries} files and folders, or deeper than {FileProtocol.MaxDepth} folders.");
            var modified = info.LastWriteTimeUtc.Ticks;
            if (info is FileInfo file)
            {
                OpenFile(file.FullName).Dispose();
                var executable = !OperatingSystem.IsWindows() && (file.UnixFileMode & UnixFileMode.UserExecute) != 0;
                Entries.Add(new ManifestEntry(name, parent, depth, IsFolder: false, executable, file.Length, modified));
                return;
            }

            var index = Entries.Count;
            Entries.Add(new ManifestEntry(name, parent, depth, IsFolder: true, IsExecutable: false, 0, modified));
            foreach (var child in ((DirectoryInfo)info).EnumerateFileSystemInfos().OrderBy(c => c.Name, Manifest.NameOrder))
            {
                At = child.FullName;
                if (child.LinkTarget is not null)
                    Skip(child, "it is a symbolic link");
                else if (child is FileInfo && !FileKind.IsRegularFile(child.FullName))
                    Skip(child, "it is a pipe, a socket or a device");
                else
                    Add(child, child.Name, index, depth + 1);
            }
        }

        private void Skip(FileSystemInfo info, string why)
        {
            Skipped++;
            skipped(info.FullName, why);
        }
    }
}
