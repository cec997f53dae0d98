using System.Collections.Concurrent;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Tests.Interop.Hostile;

namespace Crust.Tests.Interop.Files;

/// <summary>A receiver on loopback with what it told.</summary>
internal sealed class ReceiverHost : IReceiveEvents, IAsyncDisposable
{
    private readonly PeerIdentity _identity;
    private FileReceiver _receiver = null!;

    internal ReceiverHost(PeerIdentity identity, string folder)
    {
        _identity = identity;
        Folder = folder;
    }

    internal string Folder { get; }

    internal CrustNode Node { get; private set; } = null!;

    /// <summary>What happened, a word and a detail each.</summary>
    internal ConcurrentQueue<string> Told { get; } = [];

    /// <summary>The transfer that began last.</summary>
    internal IncomingTransfer? Transfer { get; private set; }

    internal static async Task<ReceiverHost> StartAsync(PeerIdentity identity, string folder, Func<ReceiveSettings, ReceiveSettings>? configure = null, int port = 0)
    {
        var host = new ReceiverHost(identity, folder);
        var settings = new ReceiveSettings { Self = identity.Id, Folder = folder };
        host._receiver = new FileReceiver(configure?.Invoke(settings) ?? settings, new PartialFolder(folder), host, TimeProvider.System);
        host.Node = await Loopback.StartAsync(o =>
        {
            o.Identity = identity;
            o.TcpPort = port;
            o.Handlers[FileProtocol.Name] = host._receiver.HandleAsync;
        });
        return host;
    }

    internal Task ToldAsync(string beginning) =>
        Eventually.HoldsAsync(() => Told.Any(t => t.StartsWith(beginning, StringComparison.Ordinal)), $"'{beginning}' among: {string.Join("; ", Told)}");

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    public void Began(IncomingTransfer transfer)
    {
        Transfer = transfer;
        Told.Enqueue($"began {transfer.Plan.Received}");
    }

    public void Done(IncomingTransfer transfer, Receipt receipt) => Told.Enqueue($"done {Path.GetFileName(transfer.PlacedAt)}");

    public void Refused(PeerId sender, RefusedException why) => Told.Enqueue($"refused {why.Code}");

    public void Failed(IncomingTransfer transfer, RefusedException why) => Told.Enqueue($"failed {why.Code}");

    public void Suspended(IncomingTransfer transfer, string why) => Told.Enqueue($"suspended {why}");

    public void Thanked(IncomingTransfer transfer) => Told.Enqueue("thanked");

    public void LeftUnthanked(IncomingTransfer transfer) => Told.Enqueue("unthanked");
}
