using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>
/// One iterative look-up (Kademlia §2.3): asks the nearest known for nearer ones, α at a time. Answers and time in, requests out. It is over when the wanted peer's record was told; or when each of the k
/// nearest, of whom no address prefix has more than its share, has answered; or when there is nobody left to ask, or it has asked too many, or taken too long. Not thread safe.
/// </summary>
internal sealed class Lookup
{
    private readonly Position _target;
    private readonly PeerId? _wanted;
    private readonly PeerId _self;
    private readonly Instant _deadline;
    private readonly List<LookupCandidate> _candidates = [];
    private readonly Dictionary<PeerId, LookupCandidate> _byId = [];
    private readonly Dictionary<PrefixGroup, int> _shares = [];
    private bool _goesOn;

    /// <param name="target">The place.</param>
    /// <param name="wanted">Whose record is wanted; null: only who is near.</param>
    /// <param name="self">Who looks.</param>
    /// <param name="seeds">Who is known already; the nearest of them are asked first.</param>
    /// <param name="now">Now.</param>
    internal Lookup(Position target, PeerId? wanted, PeerId self, IEnumerable<KnownPeer> seeds, Instant now)
    {
        (_target, _wanted, _self, _deadline) = (target, wanted, self, now + RoutingLimits.LookupTimeout);
        foreach (var seed in seeds)
            Learn(seed, 1);
    }

    /// <summary>The wanted peer's newest record; null while nobody told it.</summary>
    internal KnownPeer? Found { get; private set; }

    /// <summary>How many peers stand between us and the record: asked one after the other, each told of by the one before.</summary>
    internal int Hops { get; private set; }

    /// <summary>Requests made.</summary>
    internal int Requests { get; private set; }

    internal bool IsOver { get; private set; }

    /// <summary>The nearest that answered, nearest first; at most k.</summary>
    internal IReadOnlyList<KnownPeer> Closest => [.. _candidates.Where(static c => c.State == LookupState.Answered).Take(RoutingLimits.BucketSize).Select(static c => c.Peer)];

    /// <summary>Whom to ask next; false when nobody, for now.</summary>
    internal bool PollRequest(Instant now, out KnownPeer peer)
    {
        peer = null!;
        HandleTimeout(now);
        if (IsOver || _candidates.Count(static c => c.State == LookupState.Asked) >= RoutingLimits.Parallelism)
            return false;
        if (Requests >= RoutingLimits.LookupRequests || Window().FirstOrDefault(static c => c.State == LookupState.New) is not { } next)
            return false;
        (next.State, next.AskedAt, peer) = (LookupState.Asked, now, next.Peer);
        Requests++;
        return true;
    }

    /// <summary>Takes an answer. From one that was not asked, or has answered, it is ignored; what is beyond k peers, too.</summary>
    /// <param name="from">Who answered.</param>
    /// <param name="told">Whom it told of; verified.</param>
    /// <param name="now">Now.</param>
    internal void HandleAnswer(PeerId from, IReadOnlyList<KnownPeer> told, Instant now)
    {
        if (IsOver || !_byId.TryGetValue(from, out var asked) || asked.State is not (LookupState.Asked or LookupState.Slow))
            return;
        asked.State = LookupState.Answered;
        foreach (var peer in told.Take(RoutingLimits.BucketSize))
        {
            if (peer.Id == _wanted && (Found is null || peer.Record.Sequence > Found.Record.Sequence))
            {
                if (Found is null)
                    Hops = asked.Depth;
                (Found, _goesOn) = (peer, false);
            }
            else if (peer.Id != _wanted && asked.Depth < RoutingLimits.LookupDepth)
            {
                Learn(peer, asked.Depth + 1);
            }
        }

        HandleTimeout(now);
    }

    /// <summary>The peer cannot be asked, or says nonsense.</summary>
    internal void HandleFailure(PeerId from, Instant now)
    {
        if (_byId.TryGetValue(from, out var asked) && asked.State is LookupState.Asked or LookupState.Slow)
            asked.State = LookupState.Failed;
        HandleTimeout(now);
    }

    /// <summary>The record that was found leads nowhere: perhaps somebody has a newer one.</summary>
    internal void GoOn(Instant now)
    {
        _goesOn = true;
        IsOver = false;
        HandleTimeout(now);
    }

    /// <summary>When <see cref="HandleTimeout"/> is due; null when it is over.</summary>
    internal Instant? PollTimeout()
    {
        if (IsOver)
            return null;
        var due = _deadline;
        foreach (var candidate in _candidates)
        {
            var at = candidate.State switch
            {
                LookupState.Asked => candidate.AskedAt + RoutingLimits.SlowAfter,
                LookupState.Slow => candidate.AskedAt + RoutingLimits.RequestTimeout,
                _ => due,
            };
            due = at < due ? at : due;
        }

        return due;
    }

    /// <summary>Who was slow makes room, who was silent has failed; ends what is over.</summary>
    internal void HandleTimeout(Instant now)
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.State is not (LookupState.Asked or LookupState.Slow))
                continue;
            if (now - candidate.AskedAt >= RoutingLimits.RequestTimeout)
                candidate.State = LookupState.Failed;
            else if (now - candidate.AskedAt >= RoutingLimits.SlowAfter)
                candidate.State = LookupState.Slow;
        }

        if (IsOver)
            return;
        var isAsking = _candidates.Exists(static c => c.State is LookupState.Asked or LookupState.Slow);
        IsOver = (Found is not null && !_goesOn) || now >= _deadline
            || !Window().Any(c => c.State is LookupState.Asked or LookupState.Slow || (c.State == LookupState.New && Requests < RoutingLimits.LookupRequests))
            && !(isAsking && Requests >= RoutingLimits.LookupRequests);
    }

    /// <summary>The k nearest that did not fail, no prefix with more than its share.</summary>
    private IEnumerable<LookupCandidate> Window()
    {
        _shares.Clear();
        var count = 0;
        foreach (var candidate in _candidates)
        {
            if (candidate.State == LookupState.Failed)
                continue;
            var share = _shares.GetValueOrDefault(candidate.Group);
            if (share >= candidate.Group.MaxInLookup)
                continue;
            _shares[candidate.Group] = share + 1;
            yield return candidate;
            if (++count == RoutingLimits.BucketSize)
                yield break;
        }
    }

    private void Learn(KnownPeer peer, int depth)
    {
        if (peer.Id == _self || peer.Id == _wanted)
            return;
        if (_byId.TryGetValue(peer.Id, out var known))
        {
            if (known.State == LookupState.New && peer.Record.Sequence > known.Peer.Record.Sequence)
                known.Peer = peer;
            return;
        }

        var candidate = new LookupCandidate(peer, depth);
        var index = _candidates.FindIndex(c => _target.CompareDistance(peer.Position, c.Peer.Position) < 0);
        _candidates.Insert(index < 0 ? _candidates.Count : index, candidate);
        _byId[peer.Id] = candidate;
        if (_candidates.Count <= RoutingLimits.LookupCandidates)
            return;
        var farthest = _candidates.FindLastIndex(static c => c.State is LookupState.New or LookupState.Failed);
        if (farthest < 0)
            return;
        _byId.Remove(_candidates[farthest].Peer.Id);
        _candidates.RemoveAt(farthest);
    }
}
