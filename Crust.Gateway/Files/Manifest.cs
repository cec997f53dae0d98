using System.Buffers;
using System.Text;
using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Gateway.Files;

/// <summary>
/// What a transfer consists of: one file, or a folder with all below it, the root first and each folder before what is in it. As bytes: version (1),
/// then for each entry flags (1: bit 0 folder, bit 1 executable), depth (1), name (length and UTF-8), modification time, and of a file its
/// length, integers as <see cref="VarInt"/>. Names of one folder rise bytewise, so that the same tree has one encoding and no name comes twice.
/// </summary>
internal sealed class Manifest
{
    private const byte Version = 1, FolderFlag = 1, ExecutableFlag = 2;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Manifest(byte[] bytes, ManifestEntry[] entries)
    {
        Bytes = bytes;
        Entries = entries;
        Hash = Blake3.Hash(bytes);
        foreach (var entry in entries)
        {
            Files += entry.IsFolder ? 0 : 1;
            TotalLength += entry.Length;
        }
    }

    internal ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>BLAKE3 of the bytes.</summary>
    internal byte[] Hash { get; }

    internal IReadOnlyList<ManifestEntry> Entries { get; }

    /// <summary>How many of the entries are files.</summary>
    internal int Files { get; }

    /// <summary>Bytes of all files together.</summary>
    internal long TotalLength { get; }

    /// <summary>What the user sent: a file or a folder.</summary>
    internal ManifestEntry Root => Entries[0];

    /// <summary>The order of names in a folder.</summary>
    internal static IComparer<string> NameOrder { get; } =
        Comparer<string>.Create((a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    /// <summary>Encodes entries that come in order.</summary>
    /// <exception cref="InvalidDataException">They do not make a manifest that a receiver takes; the message says why.</exception>
    internal static Manifest Create(IReadOnlyList<ManifestEntry> entries)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write([Version]);
        foreach (var entry in entries)
        {
            var name = Encoding.UTF8.GetBytes(entry.Name);
            var room = output.GetSpan(name.Length + 32);
            var writer = new SpanWriter(room);
            writer.WriteByte((byte)((entry.IsFolder ? FolderFlag : 0) | (entry.IsExecutable ? ExecutableFlag : 0)));
            writer.WriteByte((byte)entry.Depth);
            writer.WriteVarBytes(name);
            writer.WriteVarInt((ulong)entry.ModifiedTicks);
            if (!entry.IsFolder)
                writer.WriteVarInt((ulong)entry.Length);
            output.Advance(writer.Position);
        }

        return TryParse(output.WrittenSpan.ToArray(), forWindows: false, out var objection) ?? throw new InvalidDataException($"This cannot be sent: {objection}.");
    }

    /// <summary>Reads a manifest, which it then owns; null and why not, when it is none or names what may not be stored.</summary>
    internal static Manifest? TryParse(byte[] ownedBytes, bool forWindows, out string objection)
    {
        objection = "the manifest is damaged";
        var reader = new SpanReader(ownedBytes);
        if (ownedBytes.Length > FileProtocol.MaxManifestLength)
        {
            objection = $"the list of files is longer than {FileProtocol.MaxManifestLength >> 20} MiB";
            return null;
        }

        if (!reader.TryReadByte(out var version) || version != Version || reader.IsAtEnd)
            return null;
        var entries = new List<ManifestEntry>();
        var open = new OpenFolders();
        var total = 0L;
        while (!reader.IsAtEnd)
        {
            if (entries.Count == FileProtocol.MaxEntries)
            {
                objection = $"there are more than {FileProtocol.MaxEntries} files and folders";
                return null;
            }

            if (!TryReadEntry(ref reader, open, entries, forWindows, ref objection, out var entry))
                return null;
            total = entry.Length > FileProtocol.MaxFileLength - total ? -1 : total + entry.Length;
            if (total < 0)
                return null;
            entries.Add(entry);
        }

        return new Manifest(ownedBytes, [.. entries]);
    }

    /// <summary>The names from the root down to an entry, with <c>/</c> between them: for people, and for disks below a folder of ours.</summary>
    internal string PathOf(int index)
    {
        var names = new Stack<string>();
        for (; index >= 0; index = Entries[index].Parent)
            names.Push(Entries[index].Name);
        return string.Join('/', names);
    }

    private static bool TryReadEntry(
        ref SpanReader reader, OpenFolders open, List<ManifestEntry> entries, bool forWindows, ref string objection, out ManifestEntry entry)
    {
        entry = default;
        if (!reader.TryReadByte(out var flags) || flags > ExecutableFlag || !reader.TryReadByte(out var depth)
            || !reader.TryReadVarBytes(FileProtocol.MaxNameLength, out var nameBytes)
            || !reader.TryReadVarInt(out var modified) || modified > (ulong)DateTime.MaxValue.Ticks)
            return false;
        var isFolder = flags == FolderFlag;
        ulong length = 0;
        if (!isFolder && (!reader.TryReadVarInt(out length) || length > FileProtocol.MaxFileLength))
            return false;
        string name;
        try
        {
            name = Utf8.GetString(nameBytes);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        if (EntryName.Objection(name, forWindows) is { } bad)
        {
            objection = bad;
            return false;
        }

        if (!open.TryEnter(depth, nameBytes, entries.Count, isFolder, out var parent))
        {
            objection = open.IsTooLong ? $"the path of '{Printable.Of(name)}' is too long or too deep" : objection;
            return false;
        }

        entry = new ManifestEntry(name, parent, depth, isFolder, flags == ExecutableFlag, (long)length, (long)modified);
        return true;
    }

    /// <summary>The folders from the root to where reading stands: says what may come next.</summary>
    private sealed class OpenFolders
    {
        private readonly List<(int Index, int PathLength, byte[] LastName)> _open = [];
        private bool _hasRoot;

        internal bool IsTooLong { get; private set; }

        internal bool TryEnter(int depth, ReadOnlySpan<byte> name, int index, bool isFolder, out int parent)
        {
            parent = -1;
            var pathLength = name.Length;
            if (depth == 0)
            {
                if (_hasRoot)
                    return false;
                _hasRoot = true;
            }
            else
            {
                if (depth > _open.Count)
                    return false;
                _open.RemoveRange(depth, _open.Count - depth);
                var folder = _open[depth - 1];
                if (folder.LastName.AsSpan().SequenceCompareTo(name) >= 0)
                    return false;
                _open[depth - 1] = folder with { LastName = name.ToArray() };
                parent = folder.Index;
                pathLength += folder.PathLength + 1;
            }

            IsTooLong = depth > FileProtocol.MaxDepth || pathLength > FileProtocol.MaxPathLength;
            if (IsTooLong)
                return false;
            if (isFolder)
                _open.Add((index, pathLength, []));
            return true;
        }
    }
}
