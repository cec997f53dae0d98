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
}
