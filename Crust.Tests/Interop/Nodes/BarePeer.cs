using System.Net;
using System.Net.Sockets;
using Crust.Access;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Crust.Tcp;
using Crust.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Tests.Interop.Nodes;

/// <summary>
/// The session layer of a node without the rest: it dials when the test says so, from the address and as the kind of path that the test wants, so that a session
/// has a standby link.
/// </summary>
internal sealed class BarePeer : ISessionOwner, IAsyncDisposable
{
    private readonly PeerIdentity _identity;
    private readonly SessionTable _table;
    private readonly LinkAdopter _adopter;
    private readonly SemaphoreSlim _core = new(1);

    internal BarePeer(PeerIdentity identity)
    {
        _identity = identity;
        var clock = new MonotonicClock(TimeProvider.System);
        var network = NetworkId.FromName(NetworkId.DefaultName);
        _table = new SessionTable(identity, network, new SessionTerms(10, new SessionLimits(), static _ => false), this, clock, NullLogger.Instance);
        var gate = new AdmissionGate(new AdmissionLimits(), 10, static () => AccessRules.Everyone, new HashSet<PeerId>(), clock, NullLogger.Instance);
        var terms = new HandshakeTerms(identity.Id, signs: true, requiresSignatures: false, allowAegis128L: false, ProcessEpoch.Starting(clock.UnixMilliseconds, 0));
        _adopter = new LinkAdopter(new LinkHandshaker(identity, network, clock, _core), terms, _table, this, gate, clock);
    }

    /// <summary>One whose id is below another: it chooses the links.</summary>
    internal static BarePeer Below(PeerId other)
    {
        while (true)
        {
            var identity = PeerIdentity.Create();
            if (identity.Id < other)
                return new BarePeer(identity);
            identity.Dispose();
        }
    }

    /// <summary>Makes a link, which joins the session if there is one.</summary>
    internal async Task<SessionDriver> ConnectAsync(CrustNode node, IPAddress from, ConnectionPath path)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(node.Addresses[0].EndPoint);
        return await _adopter.InitiateAsync(new TcpLink(socket), node.Id, path, "the test wants it", CancellationToken.None) ?? throw new IOException("No link came of it.");
    }

    public InboundHandler? FindHandler(string protocol) => null;

    public StreamHandler? FindStreamHandler(string protocol) => null;

    public InboundHandler? FindDatagramHandler(string protocol) => null;

    public bool RequiresSignature(string protocol) => false;

    public void SessionOpened(SessionDriver session)
    {
    }

    public void LinkWanted(SessionDriver session)
    {
    }

    public void PathChanged(SessionDriver session)
    {
    }

    public void SessionEnded(SessionDriver session) => _table.Remove(session);

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _table.Close())
            await session.DisposeAsync();
        _core.Dispose();
        _identity.Dispose();
    }
}
