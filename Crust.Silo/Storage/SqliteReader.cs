using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Crust.Silo.Storage;

/// <summary>A few threads that read, each on its own connection: SQLite blocks, and a silo's threads must not.</summary>
internal sealed class SqliteReader : IDisposable
{
    private const int ThreadCount = 2;

    private readonly SqliteDatabase _database;
    private readonly BlockingCollection<Read> _queue;
    private readonly Thread[] _threads;

    /// <param name="database">Borrowed.</param>
    /// <param name="capacity">Most reads that wait.</param>
    internal SqliteReader(SqliteDatabase database, int capacity)
    {
        _database = database;
        _queue = new BlockingCollection<Read>(capacity);
        _threads = [.. Enumerable.Range(0, ThreadCount).Select(_ => new Thread(Run) { IsBackground = true, Name = "crust-storage-reader" })];
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <summary>The stored bytes and their version; null data and version 0 when there is no row.</summary>
    /// <exception cref="StorageUnavailableException">The queue is full, storage is closing, or the disk failed.</exception>
    internal Task<(byte[]? Data, long ETag)> ReadAsync(string grain, string name)
    {
        var read = new Read(grain, name, new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            if (!_queue.TryAdd(read))
                throw new StorageUnavailableException("Too many reads wait for the disk.");
        }
        catch (InvalidOperationException e)
        {
            throw new StorageUnavailableException("Storage is closing.", e);
        }

        return read.Done.Task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.CompleteAdding();
        foreach (var thread in _threads)
            thread.Join();
        _queue.Dispose();
    }

    private void Run()
    {
        SqliteConnection? connection = null;
        SqliteCommand? command = null;
        foreach (var read in _queue.GetConsumingEnumerable())
        {
            try
            {
                connection ??= _database.Connect();
                command ??= Prepare(connection);
                read.Done.TrySetResult(Execute(command, read));
            }
            catch (Exception e) when (e is SqliteException or InvalidOperationException or IOException)
            {
                read.Done.TrySetException(new StorageUnavailableException($"The database did not answer: {e.Message}", e));
                command?.Dispose();
                connection?.Dispose();
                (command, connection) = (null, null);
            }
        }

        command?.Dispose();
        connection?.Dispose();
    }

    private static SqliteCommand Prepare(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = "SELECT data, etag FROM grain_state WHERE grain = $grain AND name = $name";
        command.Parameters.Add(new SqliteParameter { ParameterName = "$grain" });
        command.Parameters.Add(new SqliteParameter { ParameterName = "$name" });
        return command;
    }

    private static (byte[]? Data, long ETag) Execute(SqliteCommand command, Read read)
    {
        command.Parameters["$grain"].Value = read.Grain;
        command.Parameters["$name"].Value = read.Name;
        using var row = command.ExecuteReader();
        return row.Read() ? ((byte[])row[0], row.GetInt64(1)) : (null, 0);
    }

    private sealed record Read(string Grain, string Name, TaskCompletionSource<(byte[]? Data, long ETag)> Done);
}
