using System.Collections.Concurrent;
using Crust.Silo.Storage;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace Crust.Tests.Cluster;

/// <summary>Storage in memory that fails in the ways a disk or a network does. Survives grain deactivation, as storage does.</summary>
internal sealed class FaultyStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (object State, int Version)> _rows = new();

    /// <summary>The next writes fail before anything is written.</summary>
    internal int FailingWrites { get; set; }

    /// <summary>The next writes take place, but the answer is lost.</summary>
    internal int LostAnswers { get; set; }

    internal bool FailsReads { get; set; }

    internal Serializer? Serializer { get; set; }

    internal int Count => _rows.Count;

    /// <summary>Another writer gets in between.</summary>
    internal void Overwrite<T>(string key, T state) => _rows[_rows.Keys.Single(known => known.Contains(key, StringComparison.Ordinal))] = (Copy(state)!, 1000);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (FailsReads)
            throw new StorageUnavailableException("reads fail");
        var exists = _rows.TryGetValue(Key(stateName, grainId), out var row);
        grainState.State = exists ? Copy((T)row.State) : Activator.CreateInstance<T>();
        grainState.ETag = exists ? row.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        grainState.RecordExists = exists;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (FailingWrites > 0)
        {
            FailingWrites--;
            throw new StorageUnavailableException("writes fail");
        }

        var key = Key(stateName, grainId);
        var exists = _rows.TryGetValue(key, out var row);
        var stored = exists ? row.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        if (stored != grainState.ETag)
            throw new InconsistentStateException("conflict", stored ?? "none", grainState.ETag ?? "none");
        _rows[key] = (Copy(grainState.State)!, row.Version + 1);
        if (LostAnswers > 0)
        {
            LostAnswers--;
            throw new StorageUnavailableException("the answer is lost");
        }

        grainState.ETag = (row.Version + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();

    private static string Key(string stateName, GrainId grainId) => $"{grainId}/{stateName}";

    private T Copy<T>(T state) => Serializer!.Deserialize<T>(Serializer.SerializeToArray(state))!;
}
