using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crust.Utp.Packets;

namespace Crust.Tests.Processes;

/// <summary>
/// Datagrams from many addresses of loopback, none of which asked for anything: SYNs of µTP, STUN Binding requests, data of connections that do not exist, and garbage. What comes back
/// is counted at some of the addresses.
/// </summary>
internal sealed class PacketFlood : IDisposable
{
    internal const int Addresses = 256;

    /// <summary>Of how many addresses the answers are counted.</summary>
    private const int Counted = 32;

    private readonly Socket[] _sockets = [.. Enumerable.Range(0, Addresses).Select(i => Open(isCounted: i < Counted))];
    private readonly Random _random = new(1);
    private readonly byte[] _datagram = new byte[200];
    private long _sent;
    private long _sentBytes;
    private long _countedSent;
    private long _answered;

    internal long Sent => _sent;

    /// <summary>Bytes sent, headers of IP and UDP apart.</summary>
    internal long SentBytes => _sentBytes;

    /// <summary>Bytes that came back for each that was sent, at the addresses where that is counted.</summary>
    internal double Answered => _answered / (double)Math.Max(1, _countedSent);

    /// <summary>Sends until told to end, on the calling thread.</summary>
    internal void Run(EndPoint target, int packetsPerSecond, CancellationToken end)
    {
        var start = Stopwatch.GetTimestamp();
        var sent = 0L;
        var answer = new byte[2048];
        while (!end.IsCancellationRequested)
        {
            if (sent > Stopwatch.GetElapsedTime(start).TotalSeconds * packetsPerSecond)
            {
                foreach (var socket in _sockets.AsSpan(0, Counted))
                {
                    while (socket.Available > 0)
                        _answered += socket.Receive(answer);
                }

                Thread.Yield();
                continue;
            }

            var length = Write();
            var index = _random.Next(Addresses);
            try
            {
                _sockets[index].SendTo(_datagram.AsSpan(0, length), target);
            }
            catch (SocketException)
            {
                // A full buffer, or a report that nobody listens: the next one.
            }

            sent++;
            _sentBytes += length;
            if (index < Counted)
                _countedSent += length;
        }

        _sent += sent;
    }

    public void Dispose() => Array.ForEach(_sockets, static socket => socket.Dispose());

    private int Write()
    {
        var length = _random.Next(PacketHeader.Length, _datagram.Length);
        _random.NextBytes(_datagram.AsSpan(0, length));
        switch (_random.Next(5))
        {
            case 0 or 1:
                // SYN, version 1, no extension.
                (_datagram[0], _datagram[1]) = (0x41, 0);
                return PacketHeader.Length;
            case 2:
                // STUN: a Binding request without attributes, RFC 8489 §5.
                new byte[] { 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42 }.CopyTo(_datagram, 0);
                return 20;
            case 3:
                // DATA, version 1, no extension.
                (_datagram[0], _datagram[1]) = (0x01, 0);
                return length;
            default:
                return length;
        }
    }

    private static Socket Open(bool isCounted)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = isCounted ? 1 << 20 : 4096 };
        socket.Bind(new IPEndPoint(new IPAddress([127, (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(255), (byte)Random.Shared.Next(1, 255)]), 0));
        return socket;
    }
}
