using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Crust.Session.Records;

namespace Crust.Tests.Interop.Hostile;

/// <summary>
/// A man in the middle of one TCP connection. It passes on whole wire units; those from the dialling side go through <c>tamper</c>, which
/// gets the number of the unit (0 is message 1) and returns what to send instead.
/// </summary>
internal sealed class TamperingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _running;

    internal TamperingProxy(IPEndPoint target, Func<int, byte[], IEnumerable<byte[]>> tamper)
    {
        _listener.Start();
        _running = RunAsync(target, tamper);
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _running;
    }

    private async Task RunAsync(IPEndPoint target, Func<int, byte[], IEnumerable<byte[]>> tamper)
    {
        try
        {
            using var near = await _listener.AcceptTcpClientAsync();
            using var far = new TcpClient();
            await far.ConnectAsync(target);
            await Task.WhenAll(PassAsync(near, far, tamper), PassAsync(far, near, static (_, unit) => [unit]));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test ended first.
        }
    }

    private static async Task PassAsync(TcpClient from, TcpClient to, Func<int, byte[], IEnumerable<byte[]>> tamper)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                var head = new byte[RecordHeader.Length];
                await from.GetStream().ReadExactlyAsync(head);
                var unit = new byte[RecordHeader.Length + (BinaryPrimitives.ReadInt32BigEndian(head) & 0xFFFFFF)];
                head.CopyTo(unit, 0);
                await from.GetStream().ReadExactlyAsync(unit.AsMemory(RecordHeader.Length));
                foreach (var piece in tamper(number, unit))
                    await to.GetStream().WriteAsync(piece);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side closed: so does the proxy.
            from.Close();
            to.Close();
        }
    }
}
