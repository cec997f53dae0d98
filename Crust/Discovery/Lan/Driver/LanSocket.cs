using System.Net;
using System.Net.Sockets;

namespace Crust.Discovery.Lan.Driver;

/// <summary>
/// A UDP socket of one family in the group of LAN discovery, on every link. Several processes of a host share the port. Packets leave with a hop limit of 1, so
/// that no router passes them on.
/// </summary>
internal sealed class LanSocket : IDisposable
{
    /// <summary>Local scope, RFC 2365 §6.1; the rest is ours.</summary>
    internal static readonly IPAddress IPv4Group = IPAddress.Parse("239.255.84.54");

    /// <summary>Transient, link-local scope, RFC 4291 §2.7; the rest is ours.</summary>
    internal static readonly IPAddress IPv6Group = IPAddress.Parse("ff12::5484");

    private readonly Socket _socket;
    private readonly IPEndPoint _group;
    private readonly bool _isIPv6;
    private readonly HashSet<int> _joined = [];

    private LanSocket(Socket socket, IPEndPoint group)
    {
        (_socket, _group) = (socket, group);
        _isIPv6 = group.AddressFamily == AddressFamily.InterNetworkV6;
    }

    /// <summary>Opens a socket.</summary>
    /// <exception cref="SocketException">The family is off, or another user's process has the port.</exception>
    internal static LanSocket Open(AddressFamily family, int port)
    {
        var isIPv6 = family == AddressFamily.InterNetworkV6;
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (isIPv6)
                socket.DualMode = false;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.SetSocketOption(isIPv6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 1);
            // Other processes of this host hear it too.
            socket.SetSocketOption(isIPv6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP, SocketOptionName.MulticastLoopback, true);
            socket.Bind(new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port));
            return new LanSocket(socket, new IPEndPoint(isIPv6 ? IPv6Group : IPv4Group, port));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Joins the group on links where it is not in it.</summary>
    internal void Join(IEnumerable<LanLink> links)
    {
        var indexes = links.Select(IndexOf).OfType<int>().ToHashSet();
        // A link that went left the group by itself, and joins again when it is back.
        _joined.IntersectWith(indexes);
        foreach (var index in indexes.Where(i => !_joined.Contains(i)))
        {
            try
            {
                if (_isIPv6)
                    _socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(_group.Address, index));
                else
                    _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(_group.Address, index));
                _joined.Add(index);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // It is in it already.
                _joined.Add(index);
            }
            catch (SocketException)
            {
                // The link went meanwhile, or takes no more groups: at the next announcement again.
            }
        }
    }

    /// <summary>Sends to the group on every link. What does not leave is lost: it comes again.</summary>
    internal void Send(ReadOnlySpan<byte> datagram)
    {
        foreach (var index in _joined)
        {
            try
            {
                _socket.SetSocketOption(
                    _isIPv6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP, SocketOptionName.MulticastInterface, _isIPv6 ? index : IPAddress.HostToNetworkOrder(index));
                _socket.SendTo(datagram, _group);
            }
            catch (SocketException)
            {
                // The link went meanwhile.
            }
        }
    }

    /// <summary>Waits for a datagram; longer ones than the buffer are cut.</summary>
    /// <exception cref="SocketException">The socket failed, or was closed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    internal async ValueTask<(int Length, IPAddress Source)> ReceiveAsync(Memory<byte> buffer)
    {
        var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _isIPv6 ? new IPEndPoint(IPAddress.IPv6Any, 0) : new IPEndPoint(IPAddress.Any, 0)).ConfigureAwait(false);
        return (received.ReceivedBytes, ((IPEndPoint)received.RemoteEndPoint).Address);
    }

    public void Dispose() => _socket.Dispose();

    private int? IndexOf(LanLink link) => _isIPv6 ? link.IPv6Index : link.IPv4Index;
}
