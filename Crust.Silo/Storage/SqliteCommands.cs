using Microsoft.Data.Sqlite;

namespace Crust.Silo.Storage;

/// <summary>The writer's prepared statements.</summary>
internal sealed class SqliteCommands : IDisposable
{
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;

    internal SqliteCommands(SqliteConnection connection)
    {
        _insert = Prepare(connection, "INSERT INTO grain_state (grain, name, data, etag) VALUES ($grain, $name, $data, $next) ON CONFLICT DO NOTHING");
        _update = Prepare(connection, "UPDATE grain_state SET data = $data, etag = $next WHERE grain = $grain AND name = $name AND etag = $etag");
        _delete = Prepare(connection, "DELETE FROM grain_state WHERE grain = $grain AND name = $name AND etag = $etag");
    }

    /// <summary>Carries a write out; returns its new version, or <see cref="SqliteWriter.Conflict"/>. Counts rows that came and went.</summary>
    internal long Apply(SqliteWrite write, SqliteTransaction transaction, long nextETag, ref long rows)
    {
        var command = write.Data is null ? _delete : write.ETag == 0 ? _insert : _update;
        command.Transaction = transaction;
        command.Parameters["$grain"].Value = write.Grain;
        command.Parameters["$name"].Value = write.Name;
        if (command != _insert)
            command.Parameters["$etag"].Value = write.ETag;
        if (write.Data is not null)
        {
            command.Parameters["$data"].Value = write.Data;
            command.Parameters["$next"].Value = nextETag;
        }

        if (command.ExecuteNonQuery() != 1)
            return SqliteWriter.Conflict;
        rows += command == _insert ? 1 : command == _delete ? -1 : 0;
        return nextETag;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _insert.Dispose();
        _update.Dispose();
        _delete.Dispose();
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Three constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in new[] { "$grain", "$name", "$data", "$next", "$etag" })
        {
            if (sql.Contains(name, StringComparison.Ordinal))
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }
}
