using System.Text;
using Crust.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Crust.Access.Driver;

/// <summary>
/// Keeps rules as a file says. <see cref="Load"/> once, then <see cref="Start"/>: a change is taken over within 2 s of the last write. Whatever
/// becomes of the file later, the last good rules stay. Calls back from its own threads, one call at a time. Thread safe.
/// </summary>
internal sealed class AccessFileWatcher : IAsyncDisposable
{
    /// <summary>Longest file. Ours: a quarter of a million rules.</summary>
    internal const int MaxBytes = 16 << 20;

    /// <summary>Between two looks when nobody notifies us.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a changed file must stay as it is before it is read: an editor that writes in place writes in pieces.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(250);

    private readonly string _path;
    private readonly Action<AccessRules> _apply;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private FileSystemWatcher? _notifications;
    private FileStamp? _read;
    private FileStamp? _seen;
    private string _text = "";
    private string? _complaint;
    private bool _notified;
    private bool _disposed;

    /// <param name="path">The file.</param>
    /// <param name="apply">Takes new rules.</param>
    /// <param name="timeProvider">For the looks.</param>
    /// <param name="logger">Where it says what it took over, and what not.</param>
    internal AccessFileWatcher(string path, Action<AccessRules> apply, TimeProvider timeProvider, ILogger logger)
    {
        _path = Path.GetFullPath(path);
        _apply = apply;
        _logger = logger;
        _timer = timeProvider.CreateTimer(static s => ((AccessFileWatcher)s!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reads the file and applies it; before <see cref="Start"/>.</summary>
    /// <exception cref="IOException">It is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="InvalidDataException">A line is wrong; the message names it.</exception>
    internal void Load()
    {
        lock (_gate)
        {
            (_text, var stamp) = Read();
            if (!AccessRules.TryParse(_text, out var rules, out var error))
                throw new InvalidDataException($"The access file {_path} is wrong: {error}.");
            _read = _seen = stamp;
            _apply(rules);
            Told(rules);
        }
    }

    /// <summary>Begins to watch.</summary>
    /// <param name="notifications">False looks each second and no sooner, as where the file system tells nothing.</param>
    internal void Start(bool notifications = true)
    {
        lock (_gate)
        {
            if (notifications)
                Subscribe();
            _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed = true;
        // Outside the lock: it waits for a callback that is under way.
        _notifications?.Dispose();
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private void Subscribe()
    {
        try
        {
            // The folder, not the file: most editors and all careful tools put another file in its place.
            _notifications = new FileSystemWatcher(Path.GetDirectoryName(_path)!, Path.GetFileName(_path));
            _notifications.Changed += (_, _) => Notified();
            _notifications.Created += (_, _) => Notified();
            _notifications.Renamed += (_, _) => Notified();
            _notifications.Deleted += (_, _) => Notified();
            _notifications.Error += (_, _) => Notified();
            _notifications.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or ArgumentException or PlatformNotSupportedException or UnauthorizedAccessException)
        {
            // Their number is limited on Linux, for one: the timer looks all the same.
            Log.AccessFileUnwatched(_logger, _path, e.Message);
        }
    }

    private void Notified()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            // Two writes within one tick of the file system's clock look alike: what was notified is read again.
            _notified = true;
            _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            var next = LookInterval;
            try
            {
                var stamp = FileStamp.Of(_path);
                if (stamp != _seen || _notified)
                {
                    (_seen, _notified, _read) = (stamp, false, null);
                    next = Settling;
                }
                else if (_read is null)
                {
                    next = TakeOver();
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // An editor that replaces the file may leave none for a moment.
                if (_seen is null)
                    Complain("it is gone");
                else
                    next = Settling;
                (_seen, _read) = (null, null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Complain(e.Message);
                (_seen, _read) = (null, null);
            }

            _timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Reads a file that has settled; returns when to look again. Under the lock.</summary>
    private TimeSpan TakeOver()
    {
        // Each edit is judged by itself: one that leaves the old mistake in is told of it again.
        var wasGood = _complaint is null;
        _complaint = null;
        try
        {
            var (text, stamp) = Read();
            if (stamp != _seen)
            {
                // Written to while it was read: it has not settled.
                _seen = stamp;
                return Settling;
            }

            _read = stamp;
            if (!AccessRules.TryParse(text, out var rules, out var error))
            {
                Complain(error!);
            }
            else if (text != _text || !wasGood)
            {
                _text = text;
                _apply(rules);
                Told(rules);
            }
        }
        catch (InvalidDataException e)
        {
            _read = _seen;
            Complain(e.Message);
        }

        return LookInterval;
    }

    private (string Text, FileStamp Stamp) Read()
    {
        using var file = File.OpenHandle(_path);
        var length = RandomAccess.GetLength(file);
        if (length > MaxBytes)
            throw new InvalidDataException($"the access file {_path} is longer than {MaxBytes >> 20} MiB");
        var bytes = new byte[length];
        var read = RandomAccess.Read(file, bytes, 0);
        try
        {
            // The stamp after the reading: a write during it gives another one than was seen before.
            return (new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan(0, read)), FileStamp.Of(file));
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"the access file {_path} is not UTF-8", e);
        }
    }

    private void Told(AccessRules rules) =>
        Log.AccessFileTaken(_logger, _path, rules.AllowedPeers?.Count ?? 0, rules.DeniedPeers.Count, rules.DeniedNetworks.Count);

    /// <summary>Says what is wrong, once. Under the lock.</summary>
    private void Complain(string complaint)
    {
        if (complaint == _complaint)
            return;
        _complaint = complaint;
        Log.AccessFileKept(_logger, _path, complaint);
    }
}
