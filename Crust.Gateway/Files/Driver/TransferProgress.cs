namespace Crust.Gateway.Files.Driver;

/// <summary>Where a transfer stands, for whoever displays it. Written by the transfer, read by a timer. Thread safe.</summary>
/// <param name="id">The transfer.</param>
/// <param name="manifest">What it consists of.</param>
internal sealed class TransferProgress(TransferId id, Manifest manifest)
{
    private long _bytes;
    private int _files;
    private int _starts;

    internal TransferId Id { get; } = id;

    internal Manifest Manifest { get; } = manifest;

    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Files that are complete.</summary>
    internal int FilesDone => Volatile.Read(ref _files);

    /// <summary>How often it began anew: rates start over.</summary>
    internal int Starts => Volatile.Read(ref _starts);

    internal volatile string Path = "";

    /// <summary>What happens besides; empty: bytes flow.</summary>
    internal volatile string Note = "";

    internal void Start(long bytes, int filesDone)
    {
        Set(bytes, filesDone);
        Interlocked.Increment(ref _starts);
    }

    internal void Set(long bytes, int filesDone)
    {
        Interlocked.Exchange(ref _bytes, bytes);
        Volatile.Write(ref _files, filesDone);
    }
}
