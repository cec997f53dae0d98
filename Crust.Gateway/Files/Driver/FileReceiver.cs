using System.Collections.Concurrent;

namespace Crust.Gateway.Files.Driver;

/// <summary>Receives files and folders into one folder, from several senders at a time. Thread safe.</summary>
internal sealed class FileReceiver : IAsyncDisposable
{
    /// <summary>Manifests that are arriving take at most this together. Ours: four of the longest.</summary>
    private const long ManifestMemoryLimit = 4L * FileProtocol.MaxManifestLength;

    private readonly ConcurrentDictionary<PeerConnection, ReceiveLane> _lanes = new();
    private readonly ConcurrentDictionary<Task, bool> _leaving = new();
    private readonly TransferTable _table;
    private readonly Func<PeerConnection, ReceiveLane> _makeLane;

    internal FileReceiver(ReceiveSettings settings, PartialFolder folder, IReceiveEvents events, TimeProvider time)
    {
        var memory = new ManifestMemory(ManifestMemoryLimit);
        _table = new TransferTable(settings, folder, time);
        _makeLane = connection => new ReceiveLane(connection, settings, _table, memory, events, time);
    }

    /// <summary>The handler of the protocol.</summary>
    internal async ValueTask HandleAsync(PeerMessage message, CancellationToken cancellationToken)
    {
        if (!_lanes.TryGetValue(message.Connection, out var lane))
        {
            lane = _lanes.GetOrAdd(message.Connection, _makeLane);
            Watch(message.Connection);
        }

        await lane.HandleAsync(message.Payload, cancellationToken);
    }

    /// <summary>Waits for what is under way and closes all files. After the node has ended: no more messages come.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_leaving.Keys);
        _table.Dispose();
    }

    /// <summary>Follows a connection to its end.</summary>
    private void Watch(PeerConnection connection)
    {
        var leaving = LeaveAsync(connection);
        _leaving[leaving] = true;
        leaving.ContinueWith(t => _leaving.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task LeaveAsync(PeerConnection connection)
    {
        await connection.Completion;
        if (_lanes.TryRemove(connection, out var lane))
            await lane.DetachAsync(connection.CloseReason ?? "the connection ended");
    }
}
