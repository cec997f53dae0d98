using Microsoft.Data.Sqlite;

namespace Crust.Silo.Storage;

/// <summary>
/// The database file of the embedded profile: <c>crust.db</c> in a folder that one process at a time holds. One table,
/// <c>grain_state(grain, name, data, etag)</c>. Write-ahead log, synchronous=FULL: what was committed survives the process and the machine.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>The layout this version writes, in <c>user_version</c>; a higher one is refused.</summary>
    private const int SchemaVersion = 1;

    /// <summary>Largest file that is checked page by page at the start. Ours: about a second; beyond, SQLite notices damage when it meets it.</summary>
    private const long CheckedLength = 256L << 20;

    private readonly FileStream _lock;
    private readonly string _connectionString;

    private SqliteDatabase(FileStream held, string connectionString)
    {
        _lock = held;
        _connectionString = connectionString;
    }

    /// <summary>Opens or creates the database.</summary>
    /// <exception cref="SiloStartException">The folder cannot be used, another process holds it, or the file is damaged or newer; the message says which.</exception>
    internal static SqliteDatabase Open(string folder)
    {
        var path = Path.Combine(folder, "crust.db");
        var held = Hold(folder);
        try
        {
            // Pooling off: each thread keeps its connection, and closing the last one removes the log files.
            var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString();
            var database = new SqliteDatabase(held, text);
            using var connection = database.Connect();
            Check(connection, path);
            CreateSchema(connection);
            return database;
        }
        catch (SqliteException e)
        {
            held.Dispose();
            throw new SiloStartException(
                e.SqliteErrorCode is 11 or 26
                    ? $"The database {path} is damaged ({e.Message}). Restore it from a copy, or move it away to start empty: peers register again by themselves."
                    : $"The database {path} cannot be opened: {e.Message}",
                e);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection, for one thread.</summary>
    internal SqliteConnection Connect()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL");
            Execute(connection, "PRAGMA synchronous=FULL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    internal static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller passes a constant.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    private static FileStream Hold(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new FileStream(Path.Combine(folder, "crust.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiloStartException($"The data folder {folder} cannot be used, or another silo uses it: {e.Message}", e);
        }
    }

    private static void Check(SqliteConnection connection, string path)
    {
        var version = Convert.ToInt64(Execute(connection, "PRAGMA user_version"), System.Globalization.CultureInfo.InvariantCulture);
        if (version > SchemaVersion)
            throw new SiloStartException($"The database {path} was written by a newer version of Crust (layout {version}, this one knows {SchemaVersion}).");
        if (new FileInfo(path).Length <= CheckedLength && Execute(connection, "PRAGMA quick_check(1)") is not "ok")
            throw new SiloStartException($"The database {path} is damaged. Restore it from a copy, or move it away to start empty: peers register again by themselves.");
    }

    private static void CreateSchema(SqliteConnection connection)
    {
        Execute(
            connection,
            """
            CREATE TABLE IF NOT EXISTS grain_state (
                grain TEXT NOT NULL,
                name TEXT NOT NULL,
                data BLOB NOT NULL,
                etag INTEGER NOT NULL,
                PRIMARY KEY (grain, name)) WITHOUT ROWID
            """);
        Execute(connection, "PRAGMA user_version=1");
    }
}
