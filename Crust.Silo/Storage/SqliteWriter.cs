using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Crust.Silo.Storage;

/// <summary>
/// The one thread that writes. It commits everything that queued up during the last commit in one transaction, so that a thousand writers share the
/// disk's flush. A write is acknowledged after its commit returned, never before.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    /// <summary>The version that stands for "another version is stored".</summary>
    internal const long Conflict = -1;

    /// <summary>Most writes in one transaction. Ours: a few milliseconds of work beside the flush.</summary>
    private const int MaxBatch = 1024;

    private readonly SqliteDatabase _database;
    private readonly BlockingCollection<SqliteWrite> _queue;
    private readonly Thread _thread;
    private SqliteConnection? _connection;
    private SqliteCommands? _commands;
    private long _lastETag;
    private long _rows;
    private volatile string? _fault;

    /// <param name="database">Borrowed.</param>
    /// <param name="capacity">Most writes that wait; beyond, <see cref="Post"/> refuses.</param>
    /// <param name="firstETag">Versions start above this and above every stored one, so that a removed row's version never comes back.</param>
    internal SqliteWriter(SqliteDatabase database, int capacity, long firstETag)
    {
        _database = database;
        _queue = new BlockingCollection<SqliteWrite>(capacity);
        Reopen();
        _lastETag = Math.Max(firstETag, (long)SqliteDatabase.Execute(_connection!, "SELECT coalesce(max(etag), 0) FROM grain_state")!);
        _rows = (long)SqliteDatabase.Execute(_connection!, "SELECT count(*) FROM grain_state")!;
        _thread = new Thread(Run) { IsBackground = true, Name = "crust-storage-writer" };
        _thread.Start();
    }

    /// <summary>Rows stored.</summary>
    internal long Rows => Interlocked.Read(ref _rows);

    /// <summary>Why the last transaction failed; null when it did not.</summary>
    internal string? Fault => _fault;

    /// <summary>Queues a write; it is done when <see cref="SqliteWrite.Done"/> is.</summary>
    /// <exception cref="StorageUnavailableException">The queue is full, or storage is closing. Nothing was written.</exception>
    internal void Post(SqliteWrite write)
    {
        try
        {
            if (!_queue.TryAdd(write))
                throw new StorageUnavailableException("Too many writes wait for the disk.");
        }
        catch (InvalidOperationException e)
        {
            throw new StorageUnavailableException("Storage is closing.", e);
        }
    }

    /// <summary>Writes what is queued, then ends the thread.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _commands?.Dispose();
        _connection?.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        var batch = new List<SqliteWrite>(MaxBatch);
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MaxBatch && _queue.TryTake(out var next))
                batch.Add(next);
            Commit(batch);
            batch.Clear();
        }
    }

    private void Commit(List<SqliteWrite> batch)
    {
        var results = new long[batch.Count];
        long rows = 0;
        try
        {
            if (_connection is null)
                Reopen();
            using (var transaction = _connection!.BeginTransaction(deferred: false))
            {
                for (var i = 0; i < results.Length; i++)
                    results[i] = _commands!.Apply(batch[i], transaction, _lastETag + 1 + i, ref rows);
                transaction.Commit();
            }

            _lastETag += results.Length;
            Interlocked.Add(ref _rows, rows);
            _fault = null;
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or IOException)
        {
            // Whether a failed commit took place is unknown. The version numbers it may have used are not used again.
            _lastETag += results.Length;
            _fault = e.Message;
            var fault = new StorageUnavailableException($"The database did not confirm the write: {e.Message}", e);
            foreach (var write in batch)
                write.Fail(fault);
            _commands?.Dispose();
            _connection?.Dispose();
            (_commands, _connection) = (null, null);
            return;
        }

        for (var i = 0; i < results.Length; i++)
            batch[i].Complete(results[i]);
    }

    private void Reopen()
    {
        _connection = _database.Connect();
        _commands = new SqliteCommands(_connection);
    }
}
