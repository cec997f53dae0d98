using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crust.Session.Records;

namespace Crust.Tests.NatLab.Moving;

/// <summary>
/// What a stranger throws at gateways: TCP connections, one after the other on each of a few threads, each with a handshake message that is none, and in between datagrams that ask for µTP connections.
/// From creation to disposal.
/// </summary>
internal sealed class Flood : IDisposable
{
    /// <summary>The length of a first handshake message without its payload.</summary>
    private const int MessageLength = 1296;

    private const int Threads = 2, DatagramsEach = 8;

    private readonly List<Thread> _threads = [];
    private volatile bool _isOver;
    private long _connections, _datagrams;

    /// <param name="host">From where.</param>
    /// <param name="tcp">Where gateways accept TCP.</param>
    /// <param name="udp">Where they take µTP.</param>
    internal Flood(NetworkNamespace host, IReadOnlyList<IPEndPoint> tcp, IReadOnlyList<IPEndPoint> udp)
    {
        for (var i = 0; i < Threads; i++)
        {
            var thread = new Thread(() => host.Inside(() =>
            {
                Run(tcp, udp);
                return true;
            }));
            thread.Start();
            _threads.Add(thread);
        }
    }

    /// <summary>Connections that a gateway took.</summary>
    internal long Connections => Interlocked.Read(ref _connections);

    /// <summary>Datagrams that were sent.</summary>
    internal long Datagrams => Interlocked.Read(ref _datagrams);

    public void Dispose()
    {
        _isOver = true;
        _threads.ForEach(t => t.Join());
    }

    private void Run(IReadOnlyList<IPEndPoint> tcp, IReadOnlyList<IPEndPoint> udp)
    {
        using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var message = RandomNumberGenerator.GetBytes(RecordHeader.Length + MessageLength);
        new RecordHeader(RecordType.HandshakeMessage1, MessageLength).Write(message);
        // BEP 29: ST_SYN of version 1, then nothing that was ever agreed.
        var syn = new byte[20];
        for (var turn = 0; !_isOver; turn++)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
                socket.Connect(tcp[turn % tcp.Count]);
                Interlocked.Increment(ref _connections);
                RandomNumberGenerator.Fill(message.AsSpan(RecordHeader.Length));
                socket.Send(message);
                for (var i = 0; i < DatagramsEach; i++)
                {
                    RandomNumberGenerator.Fill(syn);
                    (syn[0], syn[1]) = (0x41, 0);
                    datagrams.SendTo(syn, udp[turn % udp.Count]);
                    Interlocked.Increment(ref _datagrams);
                }
            }
            catch (SocketException)
            {
                // Refused, or cut: that is its answer.
            }
        }
    }
}
