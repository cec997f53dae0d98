using System.Net;
using System.Net.Sockets;
using Crust.Udp.Linux;

namespace Crust.Udp;

/// <summary>Makes UDP sockets of the kind that the host offers.</summary>
internal static class DatagramSockets
{
    /// <summary>Binds a socket; port 0 draws a random one. The IPv6 wildcard takes IPv4 too.</summary>
    /// <exception cref="SocketException">The port is in use or the address is not ours.</exception>
    internal static IDatagramSocket Bind(IPEndPoint local, DatagramSocketOptions options)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            var isNative = options.Kind != DatagramSocketKind.Portable && LinuxDatagramSocket.IsSupported;
            if (local.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            SocketSettings.Apply(socket, options);
            if (isNative && options.SharesPort)
                LinuxSettings.SharePort(socket);
            socket.Bind(local);
            return isNative ? new LinuxDatagramSocket(socket, options.Kind) : new PortableDatagramSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
