using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Crust.Tests.NatLab;

/// <summary>Four public end points, two addresses by two ports, for a test of the lab: plain sockets that tell who spoke to them.</summary>
internal sealed class ProbeServers : IDisposable
{
    private readonly Socket[] _sockets;

    internal ProbeServers(Internet internet, ProtocolType protocol)
    {
        var free = internet.Namespace.Inside(() => new[] { 0, 1 }.Select(_ => Open(new IPEndPoint(Internet.First, 0), protocol)).ToArray());
        var second = internet.Namespace.Inside(() => free.Select(s => Open(new IPEndPoint(Internet.Second, PortOf(s)), protocol)).ToArray());
        _sockets = [.. free, .. second];
    }

    /// <summary>First address and port, its other port, the second address with the first port and with the other.</summary>
    internal IReadOnlyList<IPEndPoint> EndPoints => [.. _sockets.Select(s => (IPEndPoint)s.LocalEndPoint!)];

    /// <summary>The socket of an end point: it answers, or for TCP it listens.</summary>
    internal Socket this[int index] => _sockets[index];

    /// <summary>Where a socket of a host seems to be, by each end point. UDP sends a datagram; TCP dials from that port and leaves the connections to be closed by the caller.</summary>
    internal static async Task<IPEndPoint> ObserveAsync(Socket client, Socket server, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Eventually.Soon);
        if (server.SocketType == SocketType.Stream)
        {
            var accepting = server.AcceptAsync(limit.Token).AsTask();
            await client.ConnectAsync(server.LocalEndPoint!, limit.Token);
            using var accepted = await accepting;
            return (IPEndPoint)accepted.RemoteEndPoint!;
        }

        var buffer = new byte[100];
        await client.SendToAsync("who am I?"u8.ToArray(), server.LocalEndPoint!, limit.Token);
        var received = await server.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), limit.Token);
        return (IPEndPoint)received.RemoteEndPoint;
    }

    /// <summary>Opens a bound socket, for TCP one that listens and that shares its port.</summary>
    internal static Socket Open(IPEndPoint local, ProtocolType protocol, bool listens = true)
    {
        var socket = new Socket(local.AddressFamily, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        if (protocol == ProtocolType.Tcp)
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(local);
        if (protocol == ProtocolType.Tcp && listens)
            socket.Listen();
        return socket;
    }

    /// <summary>Says something to an end point, from a server's port.</summary>
    internal void Say(int index, string what, IPEndPoint to) => _sockets[index].SendTo(Encoding.UTF8.GetBytes(what), to);

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
