using System.Net;
using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.Behavior;

/// <summary>The end points at which one gateway answers STUN by one protocol over one address family. Those that it does not have are null.</summary>
/// <param name="Primary">The port that peers connect to anyway.</param>
/// <param name="OtherPort">Another port of the same address.</param>
/// <param name="OtherAddress">The first port of another address.</param>
/// <param name="OtherBoth">The other port of the other address.</param>
internal sealed record NatServer(TransportAddress Primary, TransportAddress? OtherPort = null, TransportAddress? OtherAddress = null, TransportAddress? OtherBoth = null)
{
    /// <summary>All of them, the primary one first.</summary>
    internal IEnumerable<TransportAddress> EndPoints => new[] { Primary, OtherPort, OtherAddress, OtherBoth }.OfType<TransportAddress>();

    /// <summary>A gateway at an address of its own, as it describes itself.</summary>
    internal static NatServer Of(IPEndPoint primary, StunServerInfo info, bool isTcp)
    {
        var other = isTcp ? info.OtherTcpPort : info.OtherUdpPort;
        var first = isTcp ? info.TcpPort : info.UdpPort;
        // The other address is of one family: that of the listener.
        var alternate = info.Alternate is { } address && address.AddressFamily == primary.AddressFamily ? address : null;
        return new NatServer(TransportAddress.From(primary), At(primary.Address, other), At(alternate, first), At(alternate, other));
    }

    /// <summary>What is learned of a server that is described by nobody from the OTHER-ADDRESS of its answer (RFC 5780 §7.4).</summary>
    internal NatServer With(TransportAddress other) => OtherBoth is not null || other.IsIPv4 != Primary.IsIPv4 || other.Address == Primary.Address ? this : this with
    {
        OtherPort = OtherPort ?? Primary with { Port = other.Port },
        OtherAddress = other with { Port = Primary.Port },
        OtherBoth = other,
    };

    private static TransportAddress? At(IPAddress? address, ushort port) =>
        address is null || port == 0 ? null : TransportAddress.From(new IPEndPoint(address, port));
}
