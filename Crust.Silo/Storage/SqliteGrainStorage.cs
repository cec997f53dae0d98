using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Crust.Silo.Storage;

/// <summary>
/// Grain storage of the embedded profile, on SQLite. Versions (ETags) are store-wide rising integers; a write with another version than the stored one is an
/// <see cref="InconsistentStateException"/>, one whose fate is unknown a <see cref="StorageUnavailableException"/>.
/// </summary>
internal sealed class SqliteGrainStorage : IGrainStorage, IStorageStatus, IDisposable
{
    /// <summary>Most writes or reads that wait for the disk. Ours: a second of a slow disk's group commits.</summary>
    internal const int DefaultCapacity = 16_384;

    private readonly SqliteDatabase _database;
    private readonly SqliteWriter _writer;
    private readonly SqliteReader _reader;
    private readonly IGrainStorageSerializer _serializer;
    private readonly IActivatorProvider _activators;
    private int _isDisposed;

    /// <summary>Takes over the database.</summary>
    internal SqliteGrainStorage(
        SqliteDatabase database, IGrainStorageSerializer serializer, IActivatorProvider activators, DateTimeOffset now, int capacity = DefaultCapacity)
    {
        _database = database;
        _serializer = serializer;
        _activators = activators;
        _writer = new SqliteWriter(database, capacity, now.ToUnixTimeMilliseconds() << 16);
        _reader = new SqliteReader(database, capacity);
    }

    /// <summary>States stored.</summary>
    public long? Count => _writer.Rows;

    /// <summary>Why the last commit failed; null when it did not.</summary>
    public string? Fault => _writer.Fault;

    /// <summary>Does nothing: the next commit tells.</summary>
    public Task ProbeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (data, etag) = await _reader.ReadAsync(grainId.ToString(), stateName);
        grainState.State = data is null ? _activators.GetActivator<T>().Create() : _serializer.Deserialize<T>(new BinaryData(data));
        grainState.ETag = data is null ? null : Text(etag);
        grainState.RecordExists = data is not null;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var etag = await SendAsync(stateName, grainId, grainState.ETag, _serializer.Serialize(grainState.State).ToArray());
        grainState.ETag = Text(etag);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.ETag is not null)
            await SendAsync(stateName, grainId, grainState.ETag, null);
        grainState.State = _activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The container knows the storage under two names and disposes of it for each.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _writer.Dispose();
        _reader.Dispose();
        _database.Dispose();
    }

    private static string Text(long etag) => etag.ToString(CultureInfo.InvariantCulture);

    private async Task<long> SendAsync(string stateName, GrainId grainId, string? etag, byte[]? data)
    {
        var write = new SqliteWrite(grainId.ToString(), stateName, etag is null ? 0 : long.Parse(etag, CultureInfo.InvariantCulture), data);
        _writer.Post(write);
        var stored = await write.Done;
        return stored != SqliteWriter.Conflict
            ? stored
            : throw new InconsistentStateException($"Another version of {stateName} of {grainId} is stored.", "unknown", etag ?? "none");
    }
}
