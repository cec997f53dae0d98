using System.Collections.Immutable;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Records;

namespace Crust.Tests.Simulation;

/// <summary>
/// A process with an identity: its sessions by <see cref="PeerSessions{TSession}"/>, its links, and the product's policy of dialling. Loses everything but
/// the identity when it restarts.
/// </summary>
internal sealed class SimulatedNode
{
    private readonly Scenario _scenario;
    private readonly Network _network;
    private readonly List<NodeLink> _links = [];
    private readonly List<SimulatedSession> _sessions = [];
    private readonly HandshakeFeatures _features;
    private readonly ImmutableArray<RecordSuite> _suites;

    internal SimulatedNode(Scenario scenario, Network network, Directory directory, string name)
    {
        (_scenario, _network, Directory, Name) = (scenario, network, directory, name);
        World = network.World;
        var seed = new byte[PeerIdentity.SeedLength];
        World.Random.Fill(seed);
        Identity = PeerIdentity.FromSeed(seed);
        directory.Add(this);
        _features = (World.Random.Chance(scenario.Signs) ? HandshakeFeatures.SignsWhatItSends : 0) | (World.Random.Chance(0.3) ? HandshakeFeatures.RequiresSignatures : 0);
        // By the seed alone, and not by what this processor has: to a story both kinds of AEGIS are the same.
        var aegis = Aegis256X2.IsSupported ? RecordSuite.Aegis256X2 : RecordSuite.Aegis256;
        _suites = World.Random.Chance(0.5) ? [aegis, RecordSuite.ChaCha20Poly1305] : [RecordSuite.ChaCha20Poly1305];
        Limits = scenario.DrawLimits(World);
        Peers = NewPeers();
    }

    internal World World { get; }

    internal Directory Directory { get; }

    internal Recorder Recorder => _network.Recorder;

    internal string Name { get; }

    internal PeerIdentity Identity { get; }

    internal NetworkId Network { get; } = NetworkId.FromName("simulated");

    internal SessionLimits Limits { get; }

    internal PeerSessions<SimulatedSession> Peers { get; private set; }

    /// <summary>How often it began anew.</summary>
    internal int Restarts { get; private set; }

    /// <summary>Which process of the identity it is.</summary>
    internal ProcessEpoch Epoch => new((ulong)Restarts + 1);

    internal IReadOnlyList<NodeLink> Links => _links;

    /// <summary>Its sessions that are open.</summary>
    internal IReadOnlyList<SimulatedSession> Sessions => _sessions;

    internal HandshakeOffer Offer(SessionNonces nonces) => new(Identity.Id, 0, nonces.Own, nonces.KnownRemote, _features, Epoch, _suites);

    internal HandshakeReply Reply(HandshakeOffer offer, SessionNonces nonces, uint promise) =>
        new(0, nonces.Own, nonces.KnownRemote, _features, Epoch, promise, offer.Suites.First(s => _suites.Contains(s)));

    internal HandshakeRandomness DrawRandomness()
    {
        var bytes = new byte[HandshakeRandomness.Length];
        World.Random.Fill(bytes);
        return HandshakeRandomness.FromBytes(bytes);
    }

    internal LinkRank DrawRank() => World.Random.Chance(_scenario.Relayed) ? LinkRank.Relayed : LinkRank.Direct;

    /// <summary>Tries to reach a peer until there is a session with it, or it is too late.</summary>
    internal void Connect(PeerId remote, Instant until)
    {
        if (Peers.Find(remote) is not null || World.Now > until || Directory.IsHealed)
            return;
        Dial(remote, DrawRank(), isGood =>
        {
            if (!isGood)
                World.After(World.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3)), () => Connect(remote, until));
        });
    }

    /// <summary>Tries to make a link.</summary>
    /// <param name="remote">To whom.</param>
    /// <param name="rank">Of which kind.</param>
    /// <param name="done">Told once whether the handshake succeeded and the link carries a session; not if this process ends before.</param>
    internal void Dial(PeerId remote, LinkRank rank, Action<bool> done)
    {
        var life = Restarts;
        _network.Connect(
            this,
            remote,
            rank,
            link =>
            {
                if (life != Restarts)
                    link?.Abort(byDialler: true, silently: false);
                else if (link is null)
                    done(false);
                else
                    Open(link, isDialler: true, remote, isAttack: false, isGood =>
                    {
                        if (life == Restarts)
                            done(isGood);
                    });
            });
    }

    /// <summary>Takes an end of a new link.</summary>
    internal NodeLink Open(SimulatedLink link, bool isDialler, PeerId? remote, bool isAttack, Action<bool>? done)
    {
        var end = new NodeLink(this, link, isDialler, remote, done) { IsAttack = isAttack };
        _links.Add(end);
        link.Attach(isDialler, end);
        end.Start();
        return end;
    }

    /// <summary>A handshake succeeded: what the product's table does with its drivers.</summary>
    internal void Adopt(NodeLink link)
    {
        var verdict = Peers.Judge(link.Result, open => open.Machine.Silence(World.Now), out _);
        World.Log($"{Name} link {link.Link.Number} with {Directory.Name(link.Result.Remote)} ({link.Link.Rank}, promised {link.Result.PromisedGeneration}): {verdict}");
        var open = Peers.Find(link.Result.Remote);
        switch (verdict)
        {
            case LinkVerdict.Join when open!.TryAttach(link):
                return;
            case LinkVerdict.Begin:
                var session = new SimulatedSession(this, link.Result, Peers.GenerationsOf(link.Result.Remote));
                Peers.Opened(link.Result, session);
                session.TryAttach(link);
                session.Application.Start();
                open?.Abort(GoodbyeCode.PeerRestarted, "The peer began anew and knows nothing of the session.");
                return;
            default:
                link.Abort();
                if (verdict == LinkVerdict.Renew)
                    open!.Abort(GoodbyeCode.PeerRestarted, "The peer began anew and knows nothing of the session.");
                return;
        }
    }

    internal SimulatedHop? HopOf(SimulatedSession session) => _network.HopOf(session);

    internal void Add(SimulatedSession session) => _sessions.Add(session);

    internal void Remove(SimulatedSession session) => _sessions.Remove(session);

    internal void SessionEnded(SimulatedSession session) => Peers.Closed(session.Remote, session);

    internal void Remove(NodeLink link) => _links.Remove(link);

    /// <summary>The process ends without a word, and begins anew.</summary>
    internal void Restart()
    {
        World.Log($"{Name} restarts");
        Restarts++;
        foreach (var session in Peers.Open)
        {
            session.IsForgotten = true;
            session.Machine.Abort(GoodbyeCode.InternalError, "");
        }

        var silently = World.Random.Chance(0.3);
        foreach (var link in _links.ToArray())
            link.Forget(silently);
        _links.Clear();
        _sessions.Clear();
        _network.Utp?.HostOf(this).Restart();
        Peers = NewPeers();
    }

    private PeerSessions<SimulatedSession> NewPeers() => new(Identity.Id, 16, () =>
    {
        var bytes = new byte[SessionNonce.Length];
        World.Random.Fill(bytes);
        return SessionNonce.FromBytes(bytes);
    });
}
