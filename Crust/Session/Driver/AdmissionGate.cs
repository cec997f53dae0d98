using System.Net;
using Crust.Access;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// A node's door: asks the lists and the limits, in this order, at each point where somebody may come in. Whoever is refused before it has proven its key is not
/// told why, nor that it was. Thread safe.
/// </summary>
/// <param name="limits">The bounds.</param>
/// <param name="maxSessions">All sessions of the node.</param>
/// <param name="rules">The access rules as they are now.</param>
/// <param name="unlisted">Peers that need not be on an allow list: the gateways the node was given.</param>
/// <param name="clock">For the rates.</param>
/// <param name="logger">Where it tells whom it refused.</param>
/// <param name="operatorsAllow">Whether the network's operators allow a peer; asked besides the lists. Null: nobody asks them.</param>
internal sealed class AdmissionGate(
    AdmissionLimits limits, int maxSessions, Func<AccessRules> rules, IReadOnlySet<PeerId> unlisted, MonotonicClock clock, ILogger logger,
    Func<PeerId, bool>? operatorsAllow = null)
{
    private readonly Lock _gate = new();
    private readonly HandshakeAdmission _handshakes = new(limits);
    private readonly UnprovenLinks<ConnectionContext> _unproven = new(limits);
    private readonly SessionShares _shares = new(limits, maxSessions);
    private readonly Dictionary<SessionDriver, AddressPrefix> _opened = [];
    private long _deniedAddresses;
    private long _deniedPeers;

    /// <summary>What was refused so far.</summary>
    internal AdmissionStatistics Statistics
    {
        get
        {
            lock (_gate)
                return new AdmissionStatistics(_deniedAddresses, _deniedPeers, _handshakes.RefusedPrefixes, _handshakes.RefusedPeers, _shares.Refused);
        }
    }

    /// <summary>True when the lists allow the peer.</summary>
    internal bool Allows(PeerId peer)
    {
        var now = rules();
        return (now.Allows(peer) || (unlisted.Contains(peer) && !now.Denies(peer))) && operatorsAllow?.Invoke(peer) != false;
    }

    /// <summary>True when the lists allow links with the address.</summary>
    internal bool Allows(IPAddress address) => rules().Allows(address);

    /// <summary>Closes those of a session's links that the lists do not allow. False when the session may not go on: because of its peer, or for want of another link.</summary>
    internal bool TryKeep(SessionDriver session) => Allows(session.Remote) && session.Links.TryKeepOnly(Allows);

    /// <summary>
    /// Gives an accepted link a place among those that have proven nothing, before anything is read from it; null when it must be closed: its network is denied, or
    /// asks too often. Paired with <see cref="TryLeave"/>.
    /// </summary>
    /// <param name="link">The link; another one, that had to make room for it, is closed.</param>
    internal UnprovenLinks<ConnectionContext>.Place? TryEnter(ConnectionContext link)
    {
        var remote = (IPEndPoint)link.RemoteEndPoint!;
        UnprovenLinks<ConnectionContext>.Place place;
        ConnectionContext? evicted;
        lock (_gate)
        {
            if (!Allows(remote.Address))
            {
                _deniedAddresses++;
                return null;
            }

            if (!_handshakes.TryBegin(remote.Address, clock.Now))
            {
                Log.HandshakeRefused(logger, remote.ToString());
                return null;
            }

            place = _unproven.Enter(link, remote.Address, out evicted);
        }

        evicted?.Abort(new ConnectionAbortedException("a newer handshake takes its place"));
        return place;
    }

    /// <summary>Gives the place up; false when it was given to another link.</summary>
    internal bool TryLeave(UnprovenLinks<ConnectionContext>.Place place)
    {
        lock (_gate)
            return _unproven.TryLeave(place);
    }

    /// <summary>
    /// Judges a caller once message 1 tells who it is, before anything is answered. Null refuses; else the place of the session that may come of it, which the caller
    /// disposes of.
    /// </summary>
    internal SessionPlace? TryAdmit(PeerId peer, EndPoint? from, bool hasSession)
    {
        var refusal = "";
        lock (_gate)
        {
            if (!Allows(peer))
            {
                _deniedPeers++;
                refusal = "not allowed";
            }
            else if (from is not IPEndPoint remote)
            {
                return new SessionPlace(this, null);
            }
            else if (!_handshakes.TryBegin(peer, remote.Address, clock.Now))
            {
                refusal = "too many handshakes";
            }
            else if (_shares.TryTake(remote.Address, hasSession, out var prefix))
            {
                return new SessionPlace(this, prefix);
            }
            else
            {
                refusal = "its network has its share of the sessions";
            }
        }

        Log.PeerRefused(logger, peer.ToShortString(), from?.ToString() ?? "", refusal);
        return null;
    }

    /// <summary>The place is the session's now, until that ends.</summary>
    internal void Keep(SessionDriver session, AddressPrefix prefix)
    {
        lock (_gate)
            _opened[session] = prefix;
    }

    internal void Return(AddressPrefix prefix)
    {
        lock (_gate)
            _shares.Return(prefix);
    }

    /// <summary>A session is over: its place is free.</summary>
    internal void Ended(SessionDriver session)
    {
        lock (_gate)
        {
            if (_opened.Remove(session, out var prefix))
                _shares.Return(prefix);
        }
    }
}
