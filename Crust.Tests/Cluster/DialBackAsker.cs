using System.Collections.Concurrent;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.Tests.Cluster;

/// <summary>A peer that asks its gateway whatever the test wants, by hand.</summary>
internal sealed class DialBackAsker : IAsyncDisposable
{
    private readonly PeerIdentity _identity = PeerIdentity.Create();
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<GatewayEnvelope>> _asked = new();
    private readonly ulong _epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private SessionDriver _session = null!;
    private byte[]? _record;
    private ulong _last;

    internal CrustNode Node { get; private set; } = null!;

    internal static async Task<DialBackAsker> StartAsync(GatewayServer gateway, string network, bool attach = true)
    {
        var asker = new DialBackAsker();
        asker.Node = await CrustNode.StartAsync(new CrustNodeOptions { Identity = asker._identity, NetworkName = network, Listen = System.Net.IPAddress.Loopback });
        asker.Node.HandleInternal(GatewayCodec.Protocol, asker.HandleAsync);
        asker._session = (await asker.Node.ConnectToAddressAsync(gateway.Addresses[0])).Session;
        if (attach)
            await asker.AttachAsync(gateway);
        return asker;
    }

    /// <summary>What the gateway told without being asked.</summary>
    internal ConcurrentQueue<GatewayEnvelope> Notices { get; } = new();

    internal PeerId Id => _identity.Id;

    /// <summary>Attaches, or renews.</summary>
    internal async Task<AttachResponse> AttachAsync(GatewayServer gateway)
    {
        var now = DateTimeOffset.UtcNow;
        var record = _record ??= new PeerRecord(Id, 1, now + TimeSpan.FromHours(1), 0, []).Sign(_identity, Node.Network);
        var attachment = Attachment.Sign(_identity, Node.Network, gateway.Id, _epoch, now);
        return (await RequestAsync(new GatewayEnvelope { AttachRequest = new AttachRequest { Record = ByteString.CopyFrom(record), Attachment = ByteString.CopyFrom(attachment) } })).AttachResponse;
    }

    /// <summary>Looks a peer up.</summary>
    internal async Task<FindResponse> FindAsync(PeerId peer) => (await RequestAsync(new GatewayEnvelope { FindRequest = new FindRequest { Peer = ByteString.CopyFrom(peer.ToByteArray()) } })).FindResponse;

    /// <summary>An address of this peer, or what it says is one.</summary>
    internal string At(string scheme, string ip, int port) => $"{scheme}://{ip}:{port}/{_identity.Id}";

    internal async Task<DialBackResponse?> AskAsync(string[] addresses, int? padding = null, int contacted = 0)
    {
        var request = new DialBackRequest { Padding = ByteString.CopyFrom(new byte[padding ?? GatewayCodec.DialBackCost * addresses.Length]) };
        request.Addresses.AddRange(addresses);
        request.Contacted.AddRange(Enumerable.Repeat("203.0.113.1", contacted));
        return (await RequestAsync(new GatewayEnvelope { DialBackRequest = request })).DialBackResponse;
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _identity.Dispose();
    }

    private async Task<GatewayEnvelope> RequestAsync(GatewayEnvelope request)
    {
        request.Id = Interlocked.Increment(ref _last);
        var answer = _asked[request.Id] = new TaskCompletionSource<GatewayEnvelope>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _session.Sender.SendAsync(GatewayCodec.Protocol, request.ToByteArray(), SessionDriver.DefaultPriority, CancellationToken.None);
        return await answer.Task.WaitAsync(Eventually.Soon);
    }

    private ValueTask HandleAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var envelope))
            return ValueTask.CompletedTask;
        if (_asked.TryRemove(envelope.Id, out var answer))
            answer.TrySetResult(envelope);
        else
            Notices.Enqueue(envelope);
        return ValueTask.CompletedTask;
    }
}
