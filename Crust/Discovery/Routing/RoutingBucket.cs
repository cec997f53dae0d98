using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>The peers that share so many leading bits with us, at most k, and those who wait for a place. One thread at a time.</summary>
internal sealed class RoutingBucket
{
    /// <summary>In no order.</summary>
    internal List<RoutingEntry> Entries { get; } = new(RoutingLimits.BucketSize);

    /// <summary>Who would like a place, the newest last.</summary>
    internal List<RoutingEntry> Waiting { get; } = [];

    /// <summary>When somebody in this bucket's range was last looked up; null: never.</summary>
    internal Instant? LookedUp { get; set; }

    internal bool IsFull => Entries.Count >= RoutingLimits.BucketSize;

    internal int CountOf(PrefixGroup group) => Entries.Count(e => e.Group == group);

    /// <summary>Puts somebody on the list, in place of the oldest of its group if that has its share, else of the oldest.</summary>
    internal void Wait(RoutingEntry entry)
    {
        Waiting.RemoveAll(w => w.Peer.Id == entry.Peer.Id);
        if (Waiting.Count(w => w.Group == entry.Group) >= entry.Group.MaxInBucket)
            Waiting.Remove(Waiting.First(w => w.Group == entry.Group));
        else if (Waiting.Count >= RoutingLimits.Replacements)
            Waiting.RemoveAt(0);
        Waiting.Add(entry);
    }
}
