using Crust.Identity;

namespace Crust.Discovery.Bootstrap;

/// <summary>
/// A node's own memory of directly reachable nodes: gateways to attach to, peers to dial when no gateway can say where they are. Scored by what came of them, aged, and pruned as nodes come and
/// go; bounded in all, by kind and by prefix, so that nobody who tells of many nodes pushes out those that were reached. What it holds is a hint: whoever is dialled proves its key. Pure; one
/// thread at a time.
/// </summary>
internal sealed class BootstrapCache
{
    /// <summary>Most nodes.</summary>
    internal const int MaxNodes = 200;

    /// <summary>Of these, most of one kind: told peers do not push out gateways, nor the other way round.</summary>
    internal const int MaxOfKind = 150;

    /// <summary>Most nodes of a prefix that were never reached from here. Ours: a tenth.</summary>
    internal const int MaxUntriedOfPrefix = 20;

    /// <summary>Most addresses of a node.</summary>
    internal const int MaxAddresses = 8;

    /// <summary>Vain tries in a row after which a node that was reached before goes; one that never was goes after <see cref="MaxVainTries"/>.</summary>
    internal const int MaxFailures = 8;

    /// <summary>Vain tries after which a node goes that was never reached.</summary>
    internal const int MaxVainTries = 2;

    /// <summary>A node that was neither reached nor told of for this long goes: after that, or after <see cref="MaxUntriedAge"/> if it never was reached.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromDays(60), MaxUntriedAge = TimeSpan.FromDays(7);

    private readonly Dictionary<PeerId, CachedNode> _nodes = [];

    /// <summary>Nodes that were given up here, and when: what another process wrote before does not bring them back. At most <see cref="MaxNodes"/>.</summary>
    private readonly Dictionary<PeerId, DateTimeOffset> _givenUp = [];

    /// <summary>Changes with every change.</summary>
    internal int Version { get; private set; }

    internal int Count => _nodes.Count;

    /// <summary>All nodes, in no order.</summary>
    internal IReadOnlyCollection<CachedNode> All => _nodes.Values;

    internal CachedNode? Find(PeerId peer) => _nodes.GetValueOrDefault(peer);

    /// <summary>Somebody told of a node: a gateway, or a file.</summary>
    internal void HandleTold(PeerId peer, CachedNodeKind kind, IReadOnlyList<PeerAddress> addresses, DateTimeOffset now)
    {
        if (addresses.Count == 0)
            return;
        var known = Find(peer);
        // Of one that was reached, the addresses that did are worth more than what others say.
        IReadOnlyList<PeerAddress> merged = known is { Reached: not null } ? Merge(known.Addresses, addresses) : [.. addresses.Distinct().Take(MaxAddresses)];
        Set(known is null ? new CachedNode(peer, kind, merged, now, null, 0, 0) : known with { Kind = Stronger(known.Kind, kind), Addresses = merged, Told = now }, now);
    }

    /// <summary>This node reached it, at the first of the addresses.</summary>
    internal void HandleReached(PeerId peer, CachedNodeKind kind, IReadOnlyList<PeerAddress> addresses, DateTimeOffset now)
    {
        if (addresses.Count == 0 && Find(peer) is null)
            return;
        var known = Find(peer) ?? new CachedNode(peer, kind, [], now, null, 0, 0);
        Set(known with { Kind = Stronger(known.Kind, kind), Addresses = Merge(addresses, known.Addresses), Told = now, Reached = now, Successes = Math.Min(known.Successes, int.MaxValue - 1) + 1, Failures = 0 }, now);
    }

    /// <summary>This node tried it in vain.</summary>
    internal void HandleFailed(PeerId peer, DateTimeOffset now)
    {
        if (Find(peer) is not { } known)
            return;
        Version++;
        if (known.Failures + 1 < (known.Reached is null ? MaxVainTries : MaxFailures))
        {
            _nodes[peer] = known with { Failures = known.Failures + 1 };
            return;
        }

        _nodes.Remove(peer);
        if (_givenUp.Count >= MaxNodes)
            _givenUp.Remove(_givenUp.MinBy(g => g.Value).Key);
        _givenUp[peer] = now;
    }

    /// <summary>Drops what has aged.</summary>
    internal void Prune(DateTimeOffset now)
    {
        foreach (var aged in _nodes.Values.Where(n => now - n.Told > (n.Reached is null ? MaxUntriedAge : MaxAge)).ToList())
        {
            _nodes.Remove(aged.Peer);
            Version++;
        }
    }

    /// <summary>Takes what another process wrote meanwhile: of a node that both know, what the one that reached it last, or was told of it last, says.</summary>
    internal void Merge(IEnumerable<CachedNode> others, DateTimeOffset now)
    {
        foreach (var other in others)
        {
            if (_givenUp.TryGetValue(other.Peer, out var at) && (other.Reached ?? default) <= at)
                continue;
            if (Find(other.Peer) is not { } known || (other.Reached ?? default) > (known.Reached ?? default) || ((other.Reached ?? default) == (known.Reached ?? default) && other.Told > known.Told))
                Set(other, now);
        }

        Prune(now);
    }

    /// <summary>The nodes of a kind in the order to try them, without those that are left out.</summary>
    internal IReadOnlyList<CachedNode> InOrder(CachedNodeKind kind, IReadOnlySet<PeerId> excluded, DateTimeOffset now) =>
        [.. _nodes.Values.Where(n => n.Kind == kind && !excluded.Contains(n.Peer)).OrderByDescending(n => n.Score(now)).ThenBy(n => n.Peer)];

    private static CachedNodeKind Stronger(CachedNodeKind known, CachedNodeKind told) => known == CachedNodeKind.Gateway ? known : told;

    private static IReadOnlyList<PeerAddress> Merge(IReadOnlyList<PeerAddress> first, IReadOnlyList<PeerAddress> then) => [.. first.Concat(then).Distinct().Take(MaxAddresses)];

    private static DiversityPrefix PrefixOf(CachedNode node) => DiversityPrefix.Of(node.Addresses[0].EndPoint.Address);

    private void Set(CachedNode node, DateTimeOffset now)
    {
        if (!_nodes.ContainsKey(node.Peer) && !MakeRoom(node, now))
            return;
        _nodes[node.Peer] = node;
        Version++;
    }

    private bool MakeRoom(CachedNode newcomer, DateTimeOffset now)
    {
        if (newcomer.Reached is null)
        {
            var crowd = _nodes.Values.Where(n => n.Reached is null && PrefixOf(n) == PrefixOf(newcomer)).ToList();
            if (crowd.Count >= MaxUntriedOfPrefix && !TryReplace(crowd, newcomer, now))
                return false;
        }

        var kind = _nodes.Values.Where(n => n.Kind == newcomer.Kind).ToList();
        return (kind.Count < MaxOfKind || TryReplace(kind, newcomer, now)) && (_nodes.Count < MaxNodes || TryReplace(_nodes.Values, newcomer, now));
    }

    private bool TryReplace(IEnumerable<CachedNode> among, CachedNode newcomer, DateTimeOffset now)
    {
        var worst = among.MinBy(n => (n.Reached is not null, n.Score(now)))!;
        // One that was reached makes room only for another that was.
        if ((worst.Reached is not null && newcomer.Reached is null) || worst.Score(now) > newcomer.Score(now))
            return false;
        _nodes.Remove(worst.Peer);
        return true;
    }
}
