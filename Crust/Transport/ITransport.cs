using System.Net;
using Crust.Identity;
using Microsoft.AspNetCore.Connections;

namespace Crust.Transport;

/// <summary>
/// A way to carry bytes between two hosts. What it yields are ordered, reliable byte streams (links) that know nothing of peers and keys.
/// Thread safe.
/// </summary>
internal interface ITransport
{
    TransportKind Kind { get; }

    /// <summary>Opens a link.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The other side refuses or cannot be reached.</exception>
    ValueTask<ConnectionContext> ConnectAsync(IPEndPoint remote, CancellationToken cancellationToken);

    /// <summary>Listens; port 0 draws a random one, which the listener's <see cref="IConnectionListener.EndPoint"/> tells.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The port is in use or the address is not ours.</exception>
    IConnectionListener Bind(IPEndPoint local);
}
