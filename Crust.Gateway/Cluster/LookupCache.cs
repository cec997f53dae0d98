using Crust.Client;
using Crust.Identity;

namespace Crust.Gateway.Cluster;

/// <summary>
/// The look-ups and registrations that passed through this gateway, for the time when the cluster is away. The oldest entry goes when it is full.
/// Thread-safe.
/// </summary>
internal sealed class LookupCache(int capacity)
{
    /// <summary>Most entries of a gateway. Ours: about 64 MiB of full-sized records.</summary>
    internal const int DefaultCapacity = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerId, LinkedListNode<(PeerId Peer, PeerLookup Lookup)>> _entries = [];
    private readonly LinkedList<(PeerId Peer, PeerLookup Lookup)> _byAge = new();

    internal int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Remembers what is known of a peer, in place of what was.</summary>
    internal void Set(PeerId peer, PeerLookup lookup)
    {
        lock (_lock)
        {
            if (_entries.Remove(peer, out var old))
                _byAge.Remove(old);
            else if (_entries.Count == capacity)
            {
                _entries.Remove(_byAge.First!.Value.Peer);
                _byAge.RemoveFirst();
            }

            _entries[peer] = _byAge.AddLast((peer, lookup));
        }
    }

    /// <summary>Forgets a peer of which the cluster knows nothing.</summary>
    internal void Remove(PeerId peer)
    {
        lock (_lock)
        {
            if (_entries.Remove(peer, out var old))
                _byAge.Remove(old);
        }
    }

    internal PeerLookup? Find(PeerId peer)
    {
        lock (_lock)
            return _entries.TryGetValue(peer, out var node) ? node.Value.Lookup : null;
    }
}
