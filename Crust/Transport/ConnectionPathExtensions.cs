using Crust.Identity;

namespace Crust.Transport;

/// <summary>The spelling of a path on the command line and in metrics.</summary>
public static class ConnectionPathExtensions
{
    /// <summary>The kebab-case name: <c>direct-tcp</c>, <c>punched-utp</c>, <c>relayed</c> and so on.</summary>
    public static string ToToken(this ConnectionPath path) => path switch
    {
        ConnectionPath.DirectTcp => "direct-tcp",
        ConnectionPath.DirectUtp => "direct-utp",
        ConnectionPath.MappedTcp => "mapped-tcp",
        ConnectionPath.MappedUtp => "mapped-utp",
        ConnectionPath.PunchedTcp => "punched-tcp",
        ConnectionPath.PunchedUtp => "punched-utp",
        ConnectionPath.Relayed => "relayed",
        _ => throw new ArgumentOutOfRangeException(nameof(path)),
    };

    /// <summary>The path of a link that goes straight to a listening address.</summary>
    internal static ConnectionPath ToDirectPath(this TransportKind transport) =>
        transport == TransportKind.Tcp ? ConnectionPath.DirectTcp : ConnectionPath.DirectUtp;

    /// <summary>The path of a link that goes straight to an address: a listening one, or one that the peer's router maps to it.</summary>
    internal static ConnectionPath ToPath(this PeerAddress address) =>
        !address.IsMapped ? address.Transport.ToDirectPath() : address.Transport == TransportKind.Tcp ? ConnectionPath.MappedTcp : ConnectionPath.MappedUtp;

    /// <summary>What carries the path's links; null for a circuit, which is another session's.</summary>
    internal static TransportKind? ToTransport(this ConnectionPath path) => path switch
    {
        ConnectionPath.DirectTcp or ConnectionPath.MappedTcp or ConnectionPath.PunchedTcp => TransportKind.Tcp,
        ConnectionPath.DirectUtp or ConnectionPath.MappedUtp or ConnectionPath.PunchedUtp => TransportKind.Utp,
        _ => null,
    };

    /// <summary>True when the peer's packets come straight here, whoever opened the way; false over a gateway.</summary>
    internal static bool IsDirect(this ConnectionPath path) => path != ConnectionPath.Relayed;
}
