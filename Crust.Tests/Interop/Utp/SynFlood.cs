using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crust.Utp.Packets;

namespace Crust.Tests.Interop.Utp;

/// <summary>Sends SYNs to a port of loopback from many of its addresses, each with ids and numbers of its own, and hears no answer.</summary>
internal sealed class SynFlood : IDisposable
{
    internal const int Addresses = 256;

    private readonly Socket[] _sockets;
    private readonly EndPoint _target;
    private long _sent;

    internal SynFlood(int port)
    {
        _target = new IPEndPoint(IPAddress.Loopback, port);
        _sockets = [.. Enumerable.Range(0, Addresses).Select(_ => Open())];
    }

    internal long Sent => Volatile.Read(ref _sent);

    internal void Run(int packetsPerSecond, CancellationToken end)
    {
        var start = Stopwatch.GetTimestamp();
        var datagram = new byte[PacketHeader.Length];
        while (!end.IsCancellationRequested)
        {
            if (_sent > Stopwatch.GetElapsedTime(start).TotalSeconds * packetsPerSecond)
            {
                Thread.Yield();
                continue;
            }

            Random.Shared.NextBytes(datagram);
            // SYN, version 1, no extension.
            (datagram[0], datagram[1]) = (0x41, 0);
            try
            {
                _sockets[Random.Shared.Next(Addresses)].SendTo(datagram, _target);
            }
            catch (SocketException)
            {
                // A full buffer: the next one.
            }

            Volatile.Write(ref _sent, _sent + 1);
        }
    }

    public void Dispose() => Array.ForEach(_sockets, static socket => socket.Dispose());

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4096 };
        socket.Bind(new IPEndPoint(new IPAddress([127, (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(255), (byte)Random.Shared.Next(1, 255)]), 0));
        return socket;
    }
}
