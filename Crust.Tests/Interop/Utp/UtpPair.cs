using System.IO.Pipelines;
using System.Net;
using Crust.Primitives.Driver;
using Crust.Udp;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Tests.Interop.Utp;

/// <summary>Two transports over real sockets, and links between them.</summary>
internal sealed class UtpPair : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private UtpPair(UtpTransport dialler, UtpTransport listenersTransport, IConnectionListener listener, IPEndPoint target)
    {
        Dialler = dialler;
        Transport = listenersTransport;
        Listener = listener;
        Target = target;
    }

    internal UtpTransport Dialler { get; }

    internal UtpTransport Transport { get; }

    internal IConnectionListener Listener { get; }

    /// <summary>Where the listener is reached.</summary>
    internal IPEndPoint Target { get; }

    internal static UtpPair Create(DatagramSocketKind kind = DatagramSocketKind.Segmented, string listen = "127.0.0.1", UtpTransportOptions? options = null)
    {
        var chosen = (options ?? new()) with { Sockets = new DatagramSocketOptions { Kind = kind } };
        var transport = Make(chosen);
        var listener = transport.Bind(new IPEndPoint(IPAddress.Parse(listen), 0));
        var local = (IPEndPoint)listener.EndPoint;
        var target = local.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.Loopback, local.Port) : local;
        return new UtpPair(Make(chosen with { SocketCount = 1 }), transport, listener, target);
    }

    internal static UtpTransport Make(UtpTransportOptions? options = null) => new(new MonotonicClock(TimeProvider.System), NullLogger.Instance, options);

    /// <summary>A link, seen from both sides. The dialler speaks first: what it says is read already.</summary>
    internal async Task<(ConnectionContext Dialled, ConnectionContext Accepted)> ConnectAsync(UtpTransport? dialler = null)
    {
        var accepting = Listener.AcceptAsync(None).AsTask();
        var dialled = await (dialler ?? Dialler).ConnectAsync(Target, None).AsTask().WaitAsync(Eventually.Soon);
        await WriteAsync(dialled, new byte[1]);
        var accepted = (await accepting.WaitAsync(Eventually.Soon))!;
        var first = await accepted.Transport.Input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon);
        accepted.Transport.Input.AdvanceTo(first.Buffer.GetPosition(1));
        return (dialled, accepted);
    }

    internal static async Task WriteAsync(ConnectionContext link, ReadOnlyMemory<byte> bytes) => await link.Transport.Output.WriteAsync(bytes, None);

    /// <summary>Writes in pieces, as a session would.</summary>
    internal static async Task WriteAllAsync(PipeWriter output, ReadOnlyMemory<byte> bytes, int pieceLength)
    {
        for (var offset = 0; offset < bytes.Length; offset += pieceLength)
            await output.WriteAsync(bytes.Slice(offset, Math.Min(pieceLength, bytes.Length - offset)), None);
    }

    /// <summary>Reads to the end, or to this length.</summary>
    internal static async Task<byte[]> ReadAsync(PipeReader input, int length = int.MaxValue)
    {
        var received = new MemoryStream();
        while (received.Length < length)
        {
            var result = await input.ReadAsync(None);
            foreach (var piece in result.Buffer)
                received.Write(piece.Span);
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        return received.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        await Dialler.DisposeAsync();
        await Transport.DisposeAsync();
    }
}
