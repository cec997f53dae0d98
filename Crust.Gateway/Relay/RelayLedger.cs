using System.Net;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;

namespace Crust.Gateway.Relay;

/// <summary>Who has how many of a gateway's circuits. Pure; one thread at a time.</summary>
internal sealed class RelayLedger(RelayLimits limits)
{
    /// <summary>Callers whose openings are counted. Ours: as many as peers may be attached, and some.</summary>
    private const int MaxCallers = 131_072;

    private readonly BucketTable<PeerId> _openings = new(limits.OpensPerSecond, limits.OpenBurst, MaxCallers);
    private readonly Dictionary<PeerId, int> _peers = [];
    private readonly Dictionary<AddressPrefix, int> _prefixes = [];

    /// <summary>Circuits that count.</summary>
    internal int Count { get; private set; }

    /// <summary>Circuits that were refused so far.</summary>
    internal long Refused { get; private set; }

    /// <summary>Whether the caller may ask for a circuit now: asked before anything that costs more.</summary>
    internal bool MayOpen(PeerId caller, Instant now)
    {
        if (_openings.TryTake(caller, now))
            return true;
        Refused++;
        return false;
    }

    /// <summary>Takes a place for a circuit; false when caller, callee, the caller's network or all have their share.</summary>
    internal bool TryAdd(PeerId caller, PeerId callee, IPAddress? from)
    {
        var prefix = from is null ? default(AddressPrefix?) : AddressPrefix.Of(from);
        var isBounded = prefix is { IsLoopback: false };
        if (Count >= limits.MaxCircuits
            || _peers.GetValueOrDefault(caller) >= limits.MaxCircuitsPerPeer
            || _peers.GetValueOrDefault(callee) >= limits.MaxCircuitsPerPeer
            || (isBounded && _prefixes.GetValueOrDefault(prefix!.Value) >= Math.Max(1, limits.MaxCircuits * limits.PrefixShare)))
        {
            Refused++;
            return false;
        }

        Count++;
        _peers[caller] = _peers.GetValueOrDefault(caller) + 1;
        _peers[callee] = _peers.GetValueOrDefault(callee) + 1;
        if (prefix is { } taken)
            _prefixes[taken] = _prefixes.GetValueOrDefault(taken) + 1;
        return true;
    }

    /// <summary>Gives the place back.</summary>
    internal void Remove(PeerId caller, PeerId callee, IPAddress? from)
    {
        Count--;
        Less(_peers, caller);
        Less(_peers, callee);
        if (from is not null)
            Less(_prefixes, AddressPrefix.Of(from));
    }

    private static void Less<TKey>(Dictionary<TKey, int> counts, TKey key) where TKey : notnull
    {
        if (--counts[key] == 0)
            counts.Remove(key);
    }
}
