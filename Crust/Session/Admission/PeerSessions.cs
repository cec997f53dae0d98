using Crust.Identity;
using Crust.Session.Handshakes;
using Crust.Session.Links;

namespace Crust.Session.Admission;

/// <summary>
/// The sessions of a node, at most one with each peer, and every decision about them: what a handshake says, what message 2 promises, whether a new link
/// begins a session, joins the open one or is surplus. Knows nothing of what a session is, so that whoever runs sessions decides alike. Pure; one thread
/// at a time.
/// </summary>
/// <typeparam name="TSession">What a session is to its owner.</typeparam>
/// <param name="self">Our id.</param>
/// <param name="maxPeers">Most peers at a time, those with handshakes only included.</param>
/// <param name="drawNonce">Fresh random nonces.</param>
internal sealed class PeerSessions<TSession>(PeerId self, int maxPeers, Func<SessionNonce> drawNonce) where TSession : class
{
    /// <summary>Peers that are remembered without a session: ours, some 200 bytes each.</summary>
    internal const int MaxUnconfirmed = 1024;

    private readonly Dictionary<PeerId, PeerSlot<TSession>> _slots = [];

    /// <summary>
    /// Slots of peers that were told our nonce in handshakes of which nothing came here. The peer may have a session by that nonce, if the link was lost before its
    /// confirmation came: with the nonce that it knows, its next link begins that session here. The oldest goes first.
    /// </summary>
    private readonly OrderedDictionary<PeerId, PeerSlot<TSession>> _unconfirmed = [];

    /// <summary>The open sessions.</summary>
    internal IEnumerable<TSession> Open => _slots.Values.Select(s => s.Session).OfType<TSession>();

    /// <summary>Peers with a session, or a handshake under way.</summary>
    internal int Count => _slots.Count;

    internal TSession? Find(PeerId remote) => _slots.GetValueOrDefault(remote)?.Session;

    /// <summary>Begins a handshake: what to say in it. Null when there are too many peers. Paired with <see cref="EndHandshake"/>.</summary>
    internal SessionNonces? BeginHandshake(PeerId remote)
    {
        if (!_slots.TryGetValue(remote, out var slot))
        {
            if (_slots.Count >= maxPeers)
                return null;
            if (!_unconfirmed.Remove(remote, out slot))
                slot = new PeerSlot<TSession>(drawNonce());
            _slots[remote] = slot;
        }

        slot.HandshakesUnderWay++;
        slot.IsNonceTold = true;
        return new SessionNonces(slot.OwnNonce, slot.RemoteNonce);
    }

    internal void EndHandshake(PeerId remote)
    {
        if (!_slots.TryGetValue(remote, out var slot))
            return;
        slot.HandshakesUnderWay--;
        RemoveIfEmpty(remote, slot);
    }

    /// <summary>
    /// What message 2 promises a link that <paramref name="remote"/> is making: the generation with which it is active as soon as it stands; 0 when we have
    /// the higher id, the open session is to stay where it is, or a better link is about to stand. Nothing else changes: message 1 may be a replay.
    /// </summary>
    /// <param name="remote">Who makes the link; its handshake is under way.</param>
    /// <param name="remoteNonce">Which session it wants.</param>
    /// <param name="rank">How good the link is.</param>
    /// <param name="promise">Asks the open session.</param>
    internal uint Promise(PeerId remote, SessionNonce remoteNonce, LinkRank rank, Func<TSession, uint> promise)
    {
        if (self > remote || !_slots.TryGetValue(remote, out var slot))
            return 0;
        return slot.Session is { } open && slot.RemoteNonce == remoteNonce ? promise(open) : slot.Generations.Promise(rank);
    }

    /// <summary>
    /// Whether a handshake that we began may still lead to a session: our nonce has not been drawn anew since. If it was, nothing is to be confirmed: the remote cannot tell an old handshake from
    /// a process that began anew.
    /// </summary>
    internal bool MayConfirm(HandshakeResult result) => _slots.TryGetValue(result.Remote, out var slot) && slot.OwnNonce == result.OwnNonce;

    /// <summary>
    /// Decides about a link whose handshake succeeded and, where we answered it, was confirmed. A link of another session than the open one means that
    /// the peer lost that, most likely since its process began anew.
    /// </summary>
    /// <param name="result">What the handshake gave.</param>
    /// <param name="silence">How long nothing has come over the open session.</param>
    /// <param name="epoch">How the link's process stands to the one that has the open session.</param>
    internal LinkVerdict Judge(HandshakeResult result, Func<TSession, TimeSpan> silence, out EpochVerdict epoch)
    {
        epoch = EpochVerdict.SameProcess;
        if (!_slots.TryGetValue(result.Remote, out var slot) || slot.OwnNonce != result.OwnNonce)
            return LinkVerdict.Surplus;
        epoch = EpochRule.Judge(slot.RemoteEpoch, result.RemoteEpoch, slot.Session is { } open ? silence(open) : TimeSpan.Zero);
        if (epoch == EpochVerdict.Older)
            return LinkVerdict.Outrun;
        if (slot.Session is not null && slot.RemoteNonce == result.RemoteNonce)
            return LinkVerdict.Join;
        // A handshake that was long under way, or a peer that repeats its nonce.
        if (slot.HasBegun(result.RemoteNonce))
            return LinkVerdict.Surplus;
        // The open session is younger than this handshake: what the same process meant to begin by it is over, or begins with its next link.
        if (slot.Session is not null && epoch == EpochVerdict.SameProcess && result.KnownNonce != slot.RemoteNonce)
            return LinkVerdict.Surplus;
        return slot.IsWornOut ? LinkVerdict.Renew : LinkVerdict.Begin;
    }

    /// <summary>Where a session with this peer numbers its nominations; the peer's handshake is under way.</summary>
    internal GenerationCounter GenerationsOf(PeerId remote) => _slots[remote].Generations;

    /// <summary>A session began: <see cref="LinkVerdict.Begin"/>.</summary>
    internal void Opened(HandshakeResult result, TSession session) => _slots[result.Remote].Open(session, result.RemoteNonce, result.RemoteEpoch);

    /// <summary>A session is over; nothing, if another has taken its place.</summary>
    internal void Closed(PeerId remote, TSession session)
    {
        if (!_slots.TryGetValue(remote, out var slot) || slot.Session != session)
            return;
        slot.Close(drawNonce());
        RemoveIfEmpty(remote, slot);
    }

    private void RemoveIfEmpty(PeerId remote, PeerSlot<TSession> slot)
    {
        if (!slot.IsEmpty)
            return;
        _slots.Remove(remote);
        if (!slot.IsNonceTold)
            return;
        if (_unconfirmed.Count == MaxUnconfirmed)
            _unconfirmed.RemoveAt(0);
        _unconfirmed[remote] = slot;
    }
}
