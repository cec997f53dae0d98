using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// The sessions of a node: at most one with each peer. Decides for each new secure link whether it begins a session, joins the open one or
/// is surplus. Thread safe.
/// </summary>
internal sealed class SessionTable(PeerIdentity self, NetworkId network, SessionTerms terms, ISessionOwner owner, MonotonicClock clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, PeerSlot> _slots = [];
    private bool _closed;

    /// <summary>The open sessions.</summary>
    internal IReadOnlyList<SessionDriver> Sessions
    {
        get
        {
            lock (_gate)
                return [.. _slots.Values.Select(s => s.Session).OfType<SessionDriver>()];
        }
    }

    internal SessionDriver? Find(PeerId remote)
    {
        lock (_gate)
            return _slots.GetValueOrDefault(remote)?.Session;
    }

    /// <summary>Begins a handshake: what to say in it. Null when there are too many sessions, or the node stops. Paired with <see cref="EndHandshake"/>.</summary>
    internal SessionNonces? BeginHandshake(PeerId remote)
    {
        lock (_gate)
        {
            if (_closed)
                return null;
            if (!_slots.TryGetValue(remote, out var slot))
            {
                if (_slots.Count >= terms.MaxSessions)
                    return null;
                _slots[remote] = slot = new PeerSlot();
            }

            slot.BeginHandshake();
            return new SessionNonces(slot.OwnNonce, slot.RemoteNonce);
        }
    }

    internal void EndHandshake(PeerId remote)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(remote, out var slot))
                return;
            slot.EndHandshake();
            if (slot.IsEmpty)
                _slots.Remove(remote);
        }
    }

    /// <summary>
    /// What message 2 promises a link that <paramref name="remote"/> is making: the generation with which it is active as soon as it stands; 0 when we have
    /// the higher id, or the open session is to stay where it is.
    /// </summary>
    internal uint Promise(PeerId remote, SessionNonce remoteNonce, ConnectionPath path)
    {
        SessionDriver? open;
        GenerationCounter generations;
        lock (_gate)
        {
            if (self.Id > remote || !_slots.TryGetValue(remote, out var slot))
                return 0;
            open = slot.RemoteNonce == remoteNonce ? slot.Session : null;
            generations = slot.Generations;
        }

        return open?.Promise(path) ?? generations.Next();
    }

    /// <summary>
    /// Takes over a link whose handshake succeeded. A link of the open session joins it; one of another session means that the peer lost the open one,
    /// most likely since its process began anew: that ends, and a new one begins.
    /// </summary>
    internal AdoptedLink Adopt(SecureLink link)
    {
        var result = link.Result;
        lock (_gate)
        {
            if (_closed || !_slots.TryGetValue(result.Remote, out var slot) || slot.OwnNonce != result.OwnNonce)
                return new AdoptedLink(null);
            var open = slot.Session;
            var epoch = EpochRule.Judge(slot.RemoteEpoch, result.RemoteEpoch);
            if (epoch == EpochVerdict.Older)
                return new AdoptedLink(null) { Epoch = epoch };
            if (open is not null && open.SessionId == result.SessionId)
                return new AdoptedLink(open.TryAttach(link) ? open : null);

            var session = new SessionDriver(Parameters(result, slot.Generations), result.SessionId, owner, clock, logger);
            slot.Open(session, result.RemoteNonce, result.RemoteEpoch);
            session.TryAttach(link);
            return new AdoptedLink(session) { IsNew = true, Outdated = open, Epoch = epoch };
        }
    }

    /// <summary>Forgets a session that ended.</summary>
    internal void Remove(SessionDriver session)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(session.Remote, out var slot) || slot.Session != session)
                return;
            slot.Close();
            if (slot.IsEmpty)
                _slots.Remove(session.Remote);
        }
    }

    /// <summary>Takes no more sessions and returns those that are open.</summary>
    internal IReadOnlyList<SessionDriver> Close()
    {
        lock (_gate)
        {
            _closed = true;
            return [.. _slots.Values.Select(s => s.Session).OfType<SessionDriver>()];
        }
    }

    private SessionParameters Parameters(HandshakeResult result, GenerationCounter generations) =>
        new(self, result.Remote, network, result.SessionId.ToByteArray(), result.SaltSecret, result.SendSigned, result.ReceiveSigned, terms.Limits)
        {
            Generations = generations,
            LeavesUnsigned = terms.LeavesUnsigned,
        };
}
