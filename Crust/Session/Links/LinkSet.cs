using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Links;

/// <summary>
/// The links of a session, and which of them carries it. The lower id decides: it nominates, each time with a higher generation, or promises a generation
/// in message 2 of a handshake; the higher id follows the highest generation that it has seen, and may only ask. Direct beats relayed; between direct
/// links the session moves only for a round trip better by a fifth and 10 ms, or when the active one fails: is lost, or <see cref="StallDetector"/>
/// suspects it. A session without a link is suspended. Whoever moves to a link says so on it, first of all: the lower
/// id by the nomination (but for a promise, which message 2 made), the higher by its echo. What came over the link before is of an earlier time, and void.
/// </summary>
internal sealed class LinkSet(bool selfIsLower, SessionLimits limits, GenerationCounter generations, Queue<SessionEvent> events, Instant start)
{
    /// <summary>Most links at a time: active, standby, and two on trial.</summary>
    internal const int MaxLinks = 4;

    private readonly List<SessionLink> _links = [];
    private readonly StallDetector _stall = new(start);
    private uint _generation;
    private Instant _lastSign = start;
    private Instant? _suspendedSince = start;

    /// <summary>The link that carries the session; null while there is none, or the lower id has not chosen.</summary>
    internal SessionLink? Active { get; private set; }

    /// <summary>Whether what arrives on the link belongs to the session as it stands.</summary>
    internal bool Carries(SessionLink link) => link == Active && link.AwaitedEcho == 0;

    internal int Count => _links.Count;

    /// <summary>True while the active link is suspected and no other has shown life since.</summary>
    internal bool IsStalled => _stall.IsStalled;

    /// <summary>How long nothing has come from the remote.</summary>
    internal TimeSpan Silence(Instant now) => now - _lastSign;

    /// <summary>When the session is over for want of a link, or of any sign of life.</summary>
    internal Instant End => _links.Count == 0 && _suspendedSince is { } since ? since + limits.SuspendTimeout : _lastSign + limits.IdleTimeout;

    /// <summary>The next ping, the suspicion of a stall, or the end.</summary>
    internal Instant Deadline
    {
        get
        {
            var first = End;
            foreach (var link in _links)
                first = Instant.Earlier(first, link.Heartbeat.Deadline)!.Value;
            return _stall.Deadline(Active, Count > 0) is { } stall && stall < first ? stall : first;
        }
    }

    /// <summary>
    /// As the lower id, when another link is being made: the generation to promise it in message 2, with which it is active as soon as it stands; 0 when
    /// the active link is to stay, or a better one is about to stand.
    /// </summary>
    internal uint Promise(LinkRank rank, Instant now) =>
        selfIsLower && (Active is null || _stall.IsStalled || IsAged(now) || rank < Active.Rank) ? generations.Promise(rank) : 0;

    /// <summary>A link stands.</summary>
    /// <param name="rank">What kind of path it is.</param>
    /// <param name="promised">The generation that the lower id promised it; 0 for none.</param>
    /// <param name="now">Now.</param>
    /// <param name="hasMoved">True when it carries the session now.</param>
    internal SessionLink Add(LinkRank rank, uint promised, Instant now, out bool hasMoved)
    {
        var link = new SessionLink(rank, new LinkHeartbeat(limits.HeartbeatInterval, now), now);
        hasMoved = false;
        _lastSign = now;
        // Of the links that stand, the one that was silent for longest may well be dead; the new one was alive a moment ago.
        if (_links.Count == MaxLinks)
            Discard(LinkChoice.Stalest(_links, Active));
        _links.Add(link);
        // Only the lower id promises; from the higher it means nothing.
        if (promised > _generation)
        {
            Activate(link, promised, now);
            hasMoved = true;
        }
        else if (selfIsLower)
        {
            hasMoved = Judge(link, now);
        }
        else if (Active is null || _stall.IsStalled)
        {
            link.IsRequestDue = true;
        }

        return link;
    }

    /// <summary>A link is gone. True when another carries the session now.</summary>
    internal bool Remove(SessionLink link, Instant now)
    {
        if (!_links.Remove(link) || (Active is not null && link != Active))
            return false;
        Active = null;
        if (LinkChoice.Best(_links) is { } next)
        {
            if (selfIsLower)
            {
                Nominate(next, now);
                return true;
            }

            next.IsRequestDue = true;
        }

        HandleNoneActive(now);
        return false;
    }

    /// <summary>A record arrived on a link. True when the session moved to it.</summary>
    internal bool HandleReceived(SessionLink link, Instant now)
    {
        _lastSign = now;
        link.Heartbeat.HandleReceived(now);
        if (link == Active)
        {
            _stall.Clear();
            return false;
        }

        if (!_stall.IsStalled || link.IsUnwanted)
            return false;
        // The active link is silent and this one is not.
        if (!selfIsLower)
        {
            _stall.BackOff(now);
            link.IsRequestDue = true;
            _stall.Clear();
            return false;
        }

        MoveFromStalled(link, now);
        return true;
    }

    /// <summary>
    /// A nomination arrived, or, at the lower id, the higher's echo of one: what follows on the link was written since the higher id moved to it. False when
    /// it breaks the protocol: an echo of what was never said.
    /// </summary>
    internal bool TryHandle(SessionLink link, in NominateFrame frame, Instant now, out bool hasMoved)
    {
        hasMoved = false;
        if (selfIsLower)
        {
            if (frame.Generation == link.AwaitedEcho)
                link.AwaitedEcho = 0;
            return frame.Generation <= _generation;
        }

        link.IsRequestDue = false;
        if (frame.Generation <= _generation)
            return true;
        Activate(link, frame.Generation, now);
        hasMoved = true;
        return true;
    }

    /// <summary>The higher id asks for a link. False when it breaks the protocol: the higher id never gets a request.</summary>
    internal bool TryHandleRequest(SessionLink link, in LinkRequestFrame frame, Instant now, out bool hasMoved)
    {
        hasMoved = selfIsLower && link != Active && !link.IsUnwanted;
        if (!hasMoved)
            return selfIsLower;
        var better = Active is { } active && active.Rank < link.Rank && !_stall.IsStalled ? active : null;
        if (better is not null && frame.Generation < _generation)
        {
            // It asked before it saw the better link's nomination, and moves once it does; silence there makes us suspect it.
            better.Heartbeat.RequestPing();
            hasMoved = false;
            return true;
        }

        // It has moved to the better link and does without it now: what it answers there tells for how long, and until then the session goes where both are.
        if (better is not null)
        {
            better.IsCandidate = true;
            better.Heartbeat.RequestPing();
        }

        Nominate(link, now);
        return true;
    }

    /// <summary>A PONG arrived. True when the session moved to the link.</summary>
    internal bool HandlePong(SessionLink link, ulong token, Instant now)
    {
        var hasMoved = false;
        if (!link.Heartbeat.HandlePong(token, now))
            return false;
        if (link is { IsCandidate: true, IsUnwanted: false } && link.Rank < Active?.Rank)
        {
            Nominate(link, now);
            return true;
        }

        // Until the active link has answered too, it may be the dead one.
        while (Active is { Heartbeat.AwaitingSince: null } active && _links.Find(l => l.IsCandidate && l.Rank >= active.Rank && l.Heartbeat.Rtt.Smoothed is not null) is { } candidate)
        {
            candidate.IsCandidate = false;
            if (LinkChoice.IsBetter(candidate, active))
            {
                Nominate(candidate, now);
                hasMoved = true;
            }
            else if (!LinkChoice.IsStandby(candidate, active, _links))
            {
                Discard(candidate);
            }
        }

        return hasMoved;
    }

    /// <summary>Whether the remote owes us something on the active link.</summary>
    internal void HandleOwed(bool isOwed, Instant now) => _stall.HandleOwed(isOwed, now);

    /// <summary>The remote acknowledged something; perhaps something that no link before the active one has carried.</summary>
    internal void HandleProgress(bool isNew, Instant now) => _stall.HandleProgress(Active, isNew, now);

    /// <summary>True when the session is over for want of any sign of life.</summary>
    internal bool HandleTimeout(Instant now)
    {
        if (now >= End)
            return true;
        var hadLinks = _links.Count > 0;
        for (var i = _links.Count - 1; i >= 0; i--)
        {
            var link = _links[i];
            link.Heartbeat.HandleTimeout(now);
            // Three pings without an answer: it is of no use as a standby.
            if (link != Active && now - link.Heartbeat.LastReceived > limits.HeartbeatInterval * 3)
                Discard(link);
        }

        if (Active is null && hadLinks && _links.Count == 0)
            HandleNoneActive(now);
        if (_stall.Deadline(Active, Count > 0) is { } stall && now >= stall)
            Suspect(now);
        else if (Active is not null && IsAged(now) && now - _stall.AskedAt > limits.HeartbeatInterval)
            AskForLink(now);
        return false;
    }

    /// <summary>True when <see cref="Write"/> has something to write.</summary>
    internal static bool HasWork(SessionLink link) => link.NominationDue > 0 || link.IsRequestDue || link.Heartbeat.IsDue;

    /// <summary>Writes what concerns the link alone: nomination, request, answers and pings.</summary>
    internal void Write(SessionLink link, ref SpanWriter writer, Instant now)
    {
        if (link.NominationDue > 0 && writer.Remaining >= NominateFrame.MaxLength)
        {
            new NominateFrame(link.NominationDue).Write(ref writer);
            link.NominationDue = 0;
        }

        if (link.IsRequestDue && writer.Remaining >= LinkRequestFrame.MaxLength)
        {
            new LinkRequestFrame(_generation).Write(ref writer);
            link.IsRequestDue = false;
        }

        link.Heartbeat.Write(ref writer, now);
    }

    private bool IsAged(Instant now) => Active is { } active && now - active.Since >= limits.MaxLinkAge;

    /// <summary>What the lower id does with a link that was promised nothing. True when the session moves to it.</summary>
    private bool Judge(SessionLink link, Instant now)
    {
        if (Active is not { } active || _stall.IsStalled || link.Rank < active.Rank || IsAged(now))
        {
            if (_stall.IsStalled)
                MoveFromStalled(link, now);
            else
                Nominate(link, now);
            return true;
        }

        if (LinkChoice.IsStandby(link, active, _links))
            return false;
        // It may be surplus, or the only one that the remote has: then the answer to the ping comes with a request.
        link.IsCandidate = true;
        link.Heartbeat.RequestPing();
        active.Heartbeat.RequestPing();
        return false;
    }

    private void MoveFromStalled(SessionLink link, Instant now)
    {
        _stall.BackOff(now);
        Nominate(link, now);
    }

    private void Nominate(SessionLink link, Instant now)
    {
        link.NominationDue = generations.Next();
        Activate(link, link.NominationDue, now);
    }

    private void Activate(SessionLink link, uint generation, Instant now)
    {
        var old = Active;
        var cause = CauseOf(link, old, now);
        _generation = generation;
        Active = link;
        // The higher id may have moved to this link before, or move to it only later: it says from where on its frames count.
        if (selfIsLower)
            link.AwaitedEcho = generation;
        else
            link.NominationDue = generation;
        link.IsCandidate = false;
        link.IsRequestDue = false;
        // Suspicion, and windows that grow with the path, want to know its round trip; a link that is busy from the beginning would never be asked.
        if (link.Heartbeat.Rtt.Smoothed is null)
            link.Heartbeat.RequestPing();
        _suspendedSince = null;
        _stall.HandleActivated(now);
        events.Enqueue(new SessionEvent(SessionEventKind.LinkActivated, Link: link, Reason: cause));
        // A circuit behind a direct link stays: it is the way back. The higher id leaves the choice to the lower.
        if (old is { IsCandidate: false } && old != link && selfIsLower && old.Rank <= link.Rank)
            Discard(old);
    }

    /// <summary>Why the session moves, for people.</summary>
    private string CauseOf(SessionLink link, SessionLink? old, Instant now) =>
        old is null ? "the link before was lost"
        : _stall.IsStalled ? "the link before was silent"
        : link.Rank < old.Rank ? "the link before went over a gateway"
        : !selfIsLower ? "the peer chose it"
        : IsAged(now) ? "the link before was old"
        : "its round trip is shorter";

    /// <summary>The active link gives no sign of life although something is owed, or the remote chooses none of those that stand.</summary>
    private void Suspect(Instant now)
    {
        _stall.Suspect();
        foreach (var link in _links)
        {
            if (link == Active)
                continue;
            link.Heartbeat.RequestPing();
            link.IsRequestDue |= Active is null && !selfIsLower;
        }

        AskForLink(now);
    }

    /// <summary>No link carries the session; those that stand, if any, wait for the remote's choice.</summary>
    private void HandleNoneActive(Instant now)
    {
        _suspendedSince = now;
        _stall.HandleNoneActive(now);
        if (_links.Count == 0)
            events.Enqueue(new SessionEvent(SessionEventKind.Suspended));
        AskForLink(now);
    }

    private void AskForLink(Instant now)
    {
        _stall.Asked(now);
        events.Enqueue(new SessionEvent(SessionEventKind.LinkWanted));
    }

    private void Discard(SessionLink link)
    {
        if (link.IsUnwanted)
            return;
        link.IsUnwanted = true;
        _links.Remove(link);
        events.Enqueue(new SessionEvent(SessionEventKind.LinkUnwanted, Link: link));
    }
}
