using System.Threading.Channels;
using Crust.Gateway.Files;
using Crust.Tests.Interop.Hostile;

namespace Crust.Tests.Interop.Files;

/// <summary>A peer that says to a receiver whatever it likes.</summary>
internal sealed class RawSender : IAsyncDisposable
{
    private readonly Channel<byte[]> _replies = Channel.CreateUnbounded<byte[]>();
    private CrustNode _node = null!;

    internal PeerConnection Connection { get; private set; } = null!;

    internal static async Task<RawSender> ConnectAsync(CrustNode receiver, Identity.PeerIdentity? identity = null)
    {
        var sender = new RawSender();
        sender._node = await Loopback.StartAsync(o =>
        {
            o.Identity = identity;
            o.Handlers[FileProtocol.Name] = (m, _) => sender._replies.Writer.WriteAsync(m.Payload.ToArray(), CancellationToken.None);
        });
        sender.Connection = await sender._node.ConnectToAddressAsync(receiver.Addresses[0]);
        return sender;
    }

    internal ValueTask SendAsync(FileMessage message) => SendAsync(FileCodec.Write(message));

    internal ValueTask SendAsync(byte[] bytes) => Connection.SendAsync(FileProtocol.Name, bytes);

    internal ValueTask ChunkAsync(uint attempt, int index, long offset, params byte[] data)
    {
        var bytes = new byte[FileCodec.ChunkHeaderLength + data.Length];
        FileCodec.WriteChunkHeader(bytes, attempt, index, offset);
        data.CopyTo(bytes, FileCodec.ChunkHeaderLength);
        return SendAsync(bytes);
    }

    /// <summary>Offers a manifest and sends all of it.</summary>
    internal async Task OfferAsync(uint attempt, Manifest manifest)
    {
        await SendAsync(new FileMessage.Offer(attempt, manifest.Bytes.Length, manifest.Hash, manifest.Entries.Count, manifest.TotalLength));
        await SendAsync(new FileMessage.Page(attempt, manifest.Bytes));
    }

    internal async Task<byte[]> ReplyAsync() => await _replies.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Soon);

    internal async Task<T> ReplyAsync<T>() where T : FileMessage => (T)FileCodec.Read(await ReplyAsync())!;

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
