using Crust.Cryptography;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// The sessions of a node: <see cref="PeerSessions{TSession}"/> decides, under a lock, about <see cref="SessionDriver"/>s. Thread safe.
/// </summary>
internal sealed class SessionTable(PeerIdentity self, NetworkId network, SessionTerms terms, ISessionOwner owner, MonotonicClock clock, ILogger logger)
{
    private const int CheckSecretLength = 32;

    private readonly Lock _gate = new();
    private readonly PeerSessions<SessionDriver> _peers = new(self.Id, terms.MaxSessions, DrawNonce);
    private readonly HashSet<SessionDriver> _ended = [];
    private bool _closed;

    /// <summary>The open sessions.</summary>
    internal IReadOnlyList<SessionDriver> Sessions
    {
        get
        {
            lock (_gate)
                return [.. _peers.Open];
        }
    }

    internal SessionDriver? Find(PeerId remote)
    {
        lock (_gate)
            return _peers.Find(remote);
    }

    /// <summary>Begins a handshake: what to say in it. Null when there are too many sessions, or the node stops. Paired with <see cref="EndHandshake"/>.</summary>
    internal SessionNonces? BeginHandshake(PeerId remote)
    {
        lock (_gate)
        {
            if (_closed)
                return null;
            // A session that is over but still winds itself up would draw the nonce anew under this handshake, which would come to nothing.
            if (_peers.Find(remote) is { Closure: not null } ended)
            {
                _peers.Closed(remote, ended);
                _ended.Add(ended);
            }

            return _peers.BeginHandshake(remote);
        }
    }

    internal void EndHandshake(PeerId remote)
    {
        lock (_gate)
            _peers.EndHandshake(remote);
    }

    /// <summary>What message 2 promises a link that <paramref name="remote"/> is making.</summary>
    internal uint Promise(PeerId remote, SessionNonce remoteNonce, ConnectionPath path)
    {
        lock (_gate)
            return _peers.Promise(remote, remoteNonce, SessionLinks.RankOf(path), open => open.Promise(path));
    }

    /// <inheritdoc cref="PeerSessions{TSession}.MayConfirm"/>
    internal bool MayConfirm(HandshakeResult result)
    {
        lock (_gate)
            return _peers.MayConfirm(result);
    }

    /// <summary>Takes over a link whose handshake succeeded.</summary>
    internal AdoptedLink Adopt(SecureLink link)
    {
        var result = link.Result;
        lock (_gate)
        {
            var epoch = EpochVerdict.SameProcess;
            var verdict = _closed ? LinkVerdict.Surplus : _peers.Judge(result, static open => open.Silence, out epoch);
            if (verdict == LinkVerdict.Surplus)
                return new AdoptedLink(null);
            if (verdict == LinkVerdict.Outrun)
                return new AdoptedLink(null) { Surviving = _peers.Find(result.Remote), Epoch = epoch };
            var open = _peers.Find(result.Remote);
            if (verdict == LinkVerdict.Join)
                return new AdoptedLink(open!.TryAttach(link) ? open : null);
            if (verdict == LinkVerdict.Renew)
                return new AdoptedLink(null) { Outdated = open };

            var session = new SessionDriver(Parameters(result, _peers.GenerationsOf(result.Remote)), result.SessionId, owner, clock, logger);
            // Before the link is read: its first records may open circuits.
            if (terms.CircuitHost is { } host)
                session.EnableCircuits(host);
            _peers.Opened(result, session);
            session.TryAttach(link);
            return new AdoptedLink(session) { IsNew = true, Outdated = open, Epoch = epoch };
        }
    }

    /// <summary>Forgets a session that ended.</summary>
    internal void Remove(SessionDriver session)
    {
        lock (_gate)
        {
            _peers.Closed(session.Remote, session);
            _ended.Remove(session);
        }
    }

    /// <summary>Takes no more sessions and returns those that are open, or not yet wound up.</summary>
    internal IReadOnlyList<SessionDriver> Close()
    {
        lock (_gate)
        {
            _closed = true;
            return [.. _peers.Open, .. _ended];
        }
    }

    private static SessionNonce DrawNonce()
    {
        Span<byte> bytes = stackalloc byte[SessionNonce.Length];
        SecureRandom.Fill(bytes);
        return SessionNonce.FromBytes(bytes);
    }

    private SessionParameters Parameters(HandshakeResult result, GenerationCounter generations)
    {
        var checkSecret = new byte[CheckSecretLength];
        result.Export("crust punch v1"u8, checkSecret);
        return new SessionParameters(self, result.Remote, network, result.SessionId.ToByteArray(), result.SaltSecret, result.SendSigned, result.ReceiveSigned, terms.Limits)
        {
            Generations = generations,
            LeavesUnsigned = terms.LeavesUnsigned,
            CheckSecret = checkSecret,
        };
    }
}
