using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// The pairs of an attempt and when each is checked next (RFC 8445 §6.1.4, in spirit). Pairs are made of remote candidates and the one socket that punches; those of
/// sockets that a spray opened join when a check comes in. Where our own NAT counts, the order is that of the candidates: the n-th new destination gets the n-th predicted
/// port. A part of <see cref="PunchMachine"/>. Pure.
/// </summary>
internal sealed class CheckList
{
    /// <summary>Pairs that checks of the remote may add: what it sends from is its own to choose.</summary>
    internal const int MaxPeerReflexive = 16;

    /// <summary>Time between the first checks of a pair; it doubles up to the longest.</summary>
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(60), LongestRepeat = TimeSpan.FromMilliseconds(480);

    private readonly List<CandidatePair> _pairs = [];
    private int _peerReflexive;

    internal IReadOnlyList<CandidatePair> Pairs => _pairs;

    /// <summary>Makes the pairs of one socket with the remote's candidates that may be checked.</summary>
    internal void Fill(int socket, PunchDescription local, PunchDescription remote, bool loopbackAllowed, Instant due)
    {
        var hasIPv6 = local.Candidates.Any(static c => !c.Address.IsIPv4);
        var hasIPv4 = local.Candidates.Any(static c => c.Address.IsIPv4);
        var wanted = remote.Candidates.Take(PunchDescription.MaxCandidates)
            .Where(c => (c.Address.IsIPv4 ? hasIPv4 : hasIPv6) && CheckTargets.MayCheck(c.Address, local, remote, loopbackAllowed))
            .DistinctBy(static c => c.Address);
        // Each new destination takes a port of a NAT that counts: those that were predicted for it come first, and no other before them.
        var counts = local.Ports == PortPredictability.Sequential || remote.Ports == PortPredictability.Sequential;
        foreach (var candidate in counts ? wanted.OrderBy(static c => OrderWhereCounted(c.Kind)) : wanted.OrderByDescending(static c => PriorityOf(c)))
            _pairs.Add(new CandidatePair(socket, candidate, PriorityOf(candidate), due));
    }

    /// <summary>The pair, if there is one.</summary>
    internal CandidatePair? Find(int socket, TransportAddress remote) => _pairs.Find(p => p.Socket == socket && p.Remote == remote);

    /// <summary>A verified check came from an address: the pair, which is made if there is none; null when there are too many.</summary>
    internal CandidatePair? FindOrAdd(int socket, TransportAddress remote, Instant now)
    {
        if (Find(socket, remote) is { } known)
            return known;
        if (_peerReflexive == MaxPeerReflexive)
            return null;
        _peerReflexive++;
        var candidate = new PunchCandidate(CandidateKind.PeerReflexive, remote);
        var pair = new CandidatePair(socket, candidate, PriorityOf(candidate), now);
        _pairs.Add(pair);
        return pair;
    }

    /// <summary>Allows checks of all pairs from now on that were to begin later.</summary>
    internal void Begin(Instant now)
    {
        foreach (var pair in _pairs)
            pair.Due = pair.Due > now ? now : pair.Due;
    }

    /// <summary>The pair whose check has been due for longest, in the list's order; null when none is.</summary>
    internal CandidatePair? Next(Instant now)
    {
        CandidatePair? next = null;
        foreach (var pair in _pairs)
        {
            if (pair.State == PairState.InProgress && pair.Due <= now && (next is null || pair.Due < next.Due))
                next = pair;
        }

        return next;
    }

    /// <summary>A check of the pair was sent.</summary>
    internal static void HandleSent(CandidatePair pair, Instant now)
    {
        var pause = FirstRepeat * (1 << Math.Min(pair.Sent++, 8));
        pair.Due = now + (pause < LongestRepeat ? pause : LongestRepeat);
    }

    /// <summary>When the next check is due; null when none will be.</summary>
    internal Instant? Deadline
    {
        get
        {
            Instant? first = null;
            foreach (var pair in _pairs)
            {
                if (pair.State == PairState.InProgress)
                    first = Instant.Earlier(first, pair.Due);
            }

            return first;
        }
    }

    /// <summary>The best of those that were answered; null when none was.</summary>
    internal CandidatePair? Best => _pairs.Where(static p => p.State == PairState.Succeeded).MaxBy(static p => p.Priority);

    /// <summary>Whether a better pair than this one may still be answered.</summary>
    internal bool MayImprove(CandidatePair pair) => _pairs.Exists(p => p.State == PairState.InProgress && p.Priority > pair.Priority);

    /// <summary>RFC 8445 §5.1.2, in spirit: the kind first; IPv6 before IPv4, which has no NAT to keep open.</summary>
    internal static uint PriorityOf(PunchCandidate candidate)
    {
        var kind = candidate.Kind switch
        {
            CandidateKind.Host => 126u,
            CandidateKind.Mapped => 120u,
            CandidateKind.PeerReflexive => 110u,
            CandidateKind.ServerReflexive => 100u,
            _ => 90u,
        };
        return (kind << 24) | (candidate.Address.IsIPv4 ? 0u : 1u << 16) | 0xFFFF;
    }

    private static int OrderWhereCounted(CandidateKind kind) => kind switch
    {
        CandidateKind.Predicted => 0,
        CandidateKind.ServerReflexive => 1,
        CandidateKind.Mapped => 2,
        _ => 3,
    };
}
