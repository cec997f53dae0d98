using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Crust.Tcp;

/// <summary>
/// Dials from a port that listens (SO_REUSEADDR with SO_REUSEPORT, socket(7)). The listener gets the options after it was bound: so a port that another process has is
/// still found to be in use, and who wants to share it must ask and be of the same user. Linux only; elsewhere dials have ports of their own.
/// </summary>
internal static class PortReuse
{
    private const int SocketLevel = 1, ReuseAddress = 2, ReusePort = 15;

    internal static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Lets sockets that dial share a listener's port; false where the host cannot.</summary>
    internal static bool TryAllow(Socket listener)
    {
        if (!IsSupported)
            return false;
        try
        {
            Set(listener);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A socket that is bound to the listener's port, for a remote of this family.</summary>
    /// <exception cref="SocketException">The host does not allow it.</exception>
    internal static Socket Bind(IPEndPoint listening, AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Set(socket);
            var isWildcard = listening.Address.Equals(IPAddress.IPv6Any) || listening.Address.Equals(IPAddress.Any);
            var any = family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
            socket.Bind(new IPEndPoint(isWildcard ? any : listening.Address, listening.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Set(Socket socket)
    {
        Span<byte> on = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(on, 1);
        socket.SetRawSocketOption(SocketLevel, ReuseAddress, on);
        socket.SetRawSocketOption(SocketLevel, ReusePort, on);
    }
}
