using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>
/// An address of loopback where TCP is not answered: a listener whose queue is full, so that Linux drops each further SYN, as a silent firewall would. Elsewhere
/// the test is skipped.
/// </summary>
internal sealed class TcpBlackHole : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _fill = [];

    private TcpBlackHole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux drops SYNs that find a full queue.");
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1);
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    internal static TcpBlackHole Create()
    {
        var hole = new TcpBlackHole();
        // More than the queue holds: the last ones stay without an answer.
        for (var i = 0; i < 8; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            hole._fill.Add(socket);
            try
            {
                socket.Connect(hole.EndPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress or SocketError.IOPending)
            {
                // Under way, for ever.
            }
        }

        return hole;
    }

    public ValueTask DisposeAsync()
    {
        _fill.ForEach(s => s.Dispose());
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }
}
