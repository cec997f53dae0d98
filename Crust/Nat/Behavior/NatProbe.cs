using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.Behavior;

/// <summary>Something to be tried, by whoever has sockets.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Socket">From which socket: 0 is the node's own, whose port it is reached at; others are made when first named, each with a port of its own, and closed at the end.</param>
/// <param name="Server">Whom to ask; with <see cref="NatProbeKind.Hairpin"/> where servers saw socket 0.</param>
/// <param name="Source">From where the answer must come; with <see cref="NatProbeKind.Hairpin"/> where servers saw the other socket.</param>
/// <param name="Change">What the server is asked to answer from.</param>
internal sealed record NatProbe(NatProbeKind Kind, int Socket, TransportAddress Server, TransportAddress Source, StunChange Change = StunChange.None)
{
    internal static NatProbe Ask(int socket, TransportAddress server) => new(NatProbeKind.Mapping, socket, server, server);
}
