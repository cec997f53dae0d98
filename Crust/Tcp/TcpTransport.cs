using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Tcp;

/// <summary>
/// TCP links (RFC 9293) with Nagle's algorithm off: the session decides what goes into a segment. Where the host allows (Linux), remotes that <see cref="DialsFromListener"/>
/// names, and punches, are dialled from the port that listens, so that all share a NAT's mapping.
/// </summary>
internal sealed class TcpTransport : ITransport
{
    /// <summary>Connections the kernel holds until they are accepted. Ours: a burst of dials while one core does handshakes.</summary>
    internal const int Backlog = 512;

    private volatile IPEndPoint? _listening;

    public TransportKind Kind => TransportKind.Tcp;

    /// <summary>Who is dialled from the port that listens: gateways, which then see its mapping. Default nobody.</summary>
    internal Func<IPEndPoint, bool> DialsFromListener { get; set; } = static _ => false;

    /// <summary>The address that other dials leave from, where it is of the remote's family; null, the default: the system chooses.</summary>
    internal IPAddress? DialsFrom { get; init; }

    /// <summary>Where it listens, if dials can leave from there; else null.</summary>
    internal IPEndPoint? Shared => PortReuse.IsSupported ? _listening : null;

    public async ValueTask<ConnectionContext> ConnectAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        if (Shared is not null && DialsFromListener(remote))
        {
            try
            {
                return await ConnectFromListenerAsync(remote, opens: false, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.InvalidArgument)
            {
                // A connection between these two ports stands, or did a moment ago: any other port, then.
            }
        }

        return await ConnectAsync(new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp), remote, cancellationToken, DialsFrom).ConfigureAwait(false);
    }

    /// <summary>Opens a link from the port that listens; also when the remote does the same to us at this moment (simultaneous open, RFC 9293 §3.5).</summary>
    /// <param name="remote">Where to.</param>
    /// <param name="opens">The first SYN is only to open our own NAT.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="SocketException">As any dial; or the port cannot be used for it.</exception>
    internal async ValueTask<ConnectionContext> ConnectFromListenerAsync(IPEndPoint remote, bool opens, CancellationToken cancellationToken)
    {
        var ownedSocket = PortReuse.Bind(Shared ?? throw new SocketException((int)SocketError.OperationNotSupported), remote.AddressFamily);
        if (!opens)
            return await ConnectAsync(ownedSocket, remote, cancellationToken).ConfigureAwait(false);
        OpeningSyn.Prepare(ownedSocket);
        // The SYN goes before this returns.
        var dial = ConnectAsync(ownedSocket, remote, cancellationToken);
        OpeningSyn.Release(ownedSocket);
        return await dial.ConfigureAwait(false);
    }

    private static async ValueTask<ConnectionContext> ConnectAsync(Socket ownedSocket, IPEndPoint remote, CancellationToken cancellationToken, IPAddress? from = null)
    {
        var socket = ownedSocket;
        try
        {
            if (from is not null && from.AddressFamily == remote.AddressFamily)
                socket.Bind(new IPEndPoint(from, 0));
            socket.NoDelay = true;
            var outcome = await TcpDial.ConnectAsync(socket, remote, cancellationToken).ConfigureAwait(false);
            if (outcome != SocketError.Success)
                throw new SocketException((int)outcome);
            // The kernel may pair a dial to a local ephemeral port with itself (simultaneous open of one socket): nobody is there.
            if (socket.LocalEndPoint!.Equals(socket.RemoteEndPoint))
                throw new SocketException((int)SocketError.ConnectionRefused);
            return new TcpLink(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public IConnectionListener Bind(IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (local.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(local);
            socket.Listen(Backlog);
            if (PortReuse.TryAllow(socket))
                _listening ??= (IPEndPoint)socket.LocalEndPoint!;
            return new TcpLinkListener(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
