using System.Net;
using Crust.Udp;

namespace Crust.Utp.Driver;

/// <summary>How a <see cref="UtpTransport"/> works.</summary>
internal sealed record UtpTransportOptions
{
    /// <summary>Limits and switches of the protocol. Whether remotes may connect is decided by binding.</summary>
    internal UtpOptions Utp { get; init; } = new() { JumboDatagramLength = UtpOptions.JumboFrameLength };

    /// <summary>How sockets are made.</summary>
    internal DatagramSocketOptions Sockets { get; init; } = new();

    /// <summary>What makes them. Default: <see cref="DatagramSockets.Bind"/>; another one may bind in another network namespace.</summary>
    internal Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket> BindSocket { get; init; } = DatagramSockets.Bind;

    /// <summary>
    /// Sockets of one binding, which share its port: more than one lets more cores receive (a gateway's). Default 1. Works on Linux; elsewhere
    /// one is made.
    /// </summary>
    internal int SocketCount { get; init; } = 1;

    /// <summary>Links that wait to be accepted, for each listener; one more is reset. Default 512, as for TCP.</summary>
    internal int Backlog { get; init; } = 512;

    /// <summary>How long a link that was disposed of goes on delivering what was flushed, and its end. Then it is reset. Default 30 s.</summary>
    internal TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long disposal of the transport waits for links that are closing. Then they are reset. Default 1 s.</summary>
    internal TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
