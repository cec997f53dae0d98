using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// The transfers that a receiver has in memory: those under way and the last few whose senders are away. Bounded: another one takes the place of the one that is
/// unused longest, or must wait. Thread safe.
/// </summary>
internal sealed class TransferTable(ReceiveSettings settings, PartialFolder folder, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TransferId, IncomingTransfer> _transfers = [];

    /// <summary>The transfer of this sender and manifest.</summary>
    /// <exception cref="RefusedException">Too many are under way.</exception>
    internal IncomingTransfer Get(PeerId sender, Manifest manifest)
    {
        var id = TransferId.For(sender, manifest.Hash);
        lock (_gate)
        {
            if (_transfers.TryGetValue(id, out var known))
                return known;
            if (_transfers.Count >= settings.MaxTransfers && !TryEvict(sender))
                throw new RefusedException(RefusalCode.Busy, "It is busy with other transfers.");
            return _transfers[id] = new IncomingTransfer(id, sender, manifest, folder) { LastUsed = time.GetTimestamp() };
        }
    }

    /// <summary>Takes a transfer out and closes its files. By whoever holds its gate.</summary>
    internal void Remove(IncomingTransfer transfer)
    {
        lock (_gate)
        {
            if (_transfers.TryGetValue(transfer.Id, out var known) && known == transfer)
                _transfers.Remove(transfer.Id);
        }

        transfer.Owner = null;
        transfer.Close();
    }

    /// <summary>True while the transfer is in the table.</summary>
    internal bool Holds(IncomingTransfer transfer)
    {
        lock (_gate)
            return _transfers.GetValueOrDefault(transfer.Id) == transfer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var transfer in _transfers.Values)
                transfer.Close();
            _transfers.Clear();
        }
    }

    /// <summary>Makes room: by one whose sender is away, by another one of the same sender, or by one that has stood still.</summary>
    private bool TryEvict(PeerId sender)
    {
        foreach (var transfer in _transfers.Values.OrderBy(t => t.Owner is not null).ThenBy(t => t.Sender != sender).ThenBy(t => t.LastUsed))
        {
            var mayGo = transfer.Owner is null || transfer.Sender == sender || time.GetElapsedTime(transfer.LastUsed) > settings.IdleTimeout;
            // Whoever holds the gate works on it at this moment.
            if (!mayGo || !transfer.Gate.Wait(0))
                continue;
            _transfers.Remove(transfer.Id);
            transfer.Owner = null;
            transfer.Close();
            transfer.Gate.Release();
            return true;
        }

        return false;
    }
}
