using System.Net;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Tcp;
using Crust.Utp.Driver;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>What a <see cref="Puncher"/> has to know of its node. Functions are asked anew for each attempt.</summary>
internal sealed record PunchEnvironment
{
    /// <summary>The node.</summary>
    internal required PeerId Self { get; init; }

    /// <summary>What carries µTP; null where it is off.</summary>
    internal UtpTransport? Utp { get; init; }

    /// <summary>What carries TCP; null where it is off.</summary>
    internal TcpTransport? Tcp { get; init; }

    /// <summary>Addresses of this host that others could dial.</summary>
    internal required Func<IReadOnlyList<IPAddress>> Hosts { get; init; }

    /// <summary>STUN servers: the gateway's ports and other gateways', at most four are asked.</summary>
    internal Func<IReadOnlyList<IPEndPoint>> StunServers { get; init; } = static () => [];

    /// <summary>Ports that a router forwards to the µTP port, proven.</summary>
    internal Func<IReadOnlyList<IPEndPoint>> MappedUdp { get; init; } = static () => [];

    /// <summary>What is known of the NAT for UDP.</summary>
    internal Func<NatKnowledge> Udp { get; init; } = static () => NatKnowledge.None;

    /// <summary>What is known of the NAT for TCP, and where the listening port is seen.</summary>
    internal Func<NatKnowledge> TcpNat { get; init; } = static () => NatKnowledge.None;

    /// <summary>Whether the node is on loopback and may send there.</summary>
    internal Func<bool> LoopbackAllowed { get; init; } = static () => false;

    /// <summary>Where a gateway attests that it sees the peer of a session; null when none does.</summary>
    internal Func<ISignalling, CancellationToken, Task<IPAddress?>> Attested { get; init; } = static (_, _) => Task.FromResult<IPAddress?>(null);
}
