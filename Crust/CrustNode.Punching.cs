using System.Net;
using Crust.Dialing.Driver;
using Crust.Nat.HolePunching.Driver;
using Crust.PeerProtocol;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <content>What hole punching is told of the node.</content>
public sealed partial class CrustNode
{
    private ValueTask HandlePunchMessage(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (PunchTalk.TryParse(message.Payload.Span, out var envelope))
            HandlePunchTalk(message.Session, envelope);
        return ValueTask.CompletedTask;
    }

    private void HandlePunchTalk(ISignalling talk, PunchEnvelope envelope)
    {
        if (!_tcpPuncher!.TryHandle(talk, envelope))
            _puncher!.Handle(talk, envelope);
    }

    private PunchEnvironment PunchEnvironment() => new()
    {
        Self = Id,
        Utp = _transports.Utp,
        Tcp = _transports.Tcp,
        Hosts = () => LocalAddresses.For(_transports.Address),
        StunServers = StunEndPoints,
        Udp = () => NatKnowledge.From(NatReport.Udp),
        TcpNat = TcpKnowledge,
        LoopbackAllowed = IsLoopbackAllowed,
        Attested = (session, token) => session.Hop is { } gateway ? _attestor.AskAsync(gateway, session.Remote, token) : Task.FromResult<IPAddress?>(null),
    };

    /// <summary>Where the gateway sees the port that listens, if it was dialled from there.</summary>
    private NatKnowledge TcpKnowledge() =>
        _transports.Tcp?.Shared is { } listening && _attachment is { Observed: { } observed, Current.Session: { Path: ConnectionPath.DirectTcp, LocalEndPoint: { } local } } && local.Port == listening.Port
            ? NatKnowledge.From(NatReport.Tcp) with { External = [observed] }
            : NatKnowledge.From(NatReport.Tcp);

    /// <summary>Where the gateway answers STUN: on two ports, and at its alternate address, if it has one.</summary>
    private List<IPEndPoint> StunEndPoints()
    {
        if (_attachment?.Current is not { Stun: { } stun, Session.RemoteEndPoint: { } gateway })
            return [];
        var address = LocalAddresses.Unmapped(gateway).Address;
        var servers = new List<IPEndPoint>();
        Add(address, stun.UdpPort);
        Add(address, stun.OtherUdpPort);
        if (stun.Alternate is { } alternate)
            Add(alternate, stun.UdpPort);
        return servers;

        void Add(IPAddress at, int port)
        {
            if (port != 0)
                servers.Add(new IPEndPoint(at, port));
        }
    }
}
