using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Crust.Tests.Interop.Nat;

/// <summary>An HTTP server on loopback that answers every request in one evil way.</summary>
internal sealed class HostileHttp : IDisposable
{
    private readonly TcpListener _listener;
    private readonly string _kind;
    private readonly CancellationTokenSource _stopped = new();
    private int _connections;
    private long _sent;

    internal HostileHttp(string kind, IPAddress? address = null)
    {
        _kind = kind;
        _listener = new TcpListener(address ?? IPAddress.Parse("127.0.0.1"), 0);
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    internal int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes of endless answers that clients took, and what the kernel holds of them.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    public void Dispose()
    {
        _stopped.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stopped.Token);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await socket.ReceiveAsync(new byte[4096], _stopped.Token);
                await AnswerAsync(socket);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The client has had enough.
            }
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        var block = new byte[64 * 1024];
        Array.Fill(block, (byte)'a');
        switch (_kind)
        {
            case "huge":
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n<root>");
                await ForeverAsync(socket, block);
                break;
            case "forever":
                await SendAsync(socket, "HTTP/1.0 200 OK\r\n\r\n<root>");
                await ForeverAsync(socket, block);
                break;
            case "chunks":
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                await ForeverAsync(socket, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1\r\na\r\n", 1000))));
                break;
            case "headers":
                await SendAsync(socket, "HTTP/1.1 200 OK\r\n");
                await ForeverAsync(socket, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("X-Y: z\r\n", 1000))));
                break;
            case "slow":
                foreach (var letter in "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n<root>")
                {
                    await SendAsync(socket, $"{letter}");
                    await Task.Delay(TimeSpan.FromMilliseconds(250), _stopped.Token);
                }

                break;
            case "silent":
                await Task.Delay(Timeout.InfiniteTimeSpan, _stopped.Token);
                break;
            case "redirect":
                await SendAsync(socket, $"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{Port}/again\r\nContent-Length: 0\r\n\r\n");
                break;
            case "bomb":
                var bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\">" + string.Concat(Enumerable.Range(1, 20).Select(i => $"<!ENTITY a{i} \"&a{(i == 1 ? "" : i - 1)};&a{(i == 1 ? "" : i - 1)};\">"))
                    + "]><root>&a20;</root>";
                await SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-Length: {bomb.Length}\r\n\r\n{bomb}");
                break;
            case "reset":
                socket.LingerState = new LingerOption(true, 0);
                break;
            default:
                await SendAsync(socket, "SSH-2.0-OpenSSH_9.2\r\n");
                break;
        }
    }

    private Task<int> SendAsync(Socket socket, string text) => socket.SendAsync(Encoding.ASCII.GetBytes(text), _stopped.Token).AsTask();

    private async Task ForeverAsync(Socket socket, byte[] block)
    {
        while (!_stopped.IsCancellationRequested)
            Interlocked.Add(ref _sent, await socket.SendAsync(block, _stopped.Token));
    }
}
