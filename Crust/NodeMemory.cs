using System.Net;
using Crust.Diagnostics;
using Crust.Discovery.Bootstrap;
using Crust.Discovery.Bootstrap.Driver;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// What a node remembers of gateways and directly reachable peers: those it reached, those its gateways named, and a sample of the cluster's cache, which it asks for when it attached and each hour.
/// Thread safe.
/// </summary>
internal sealed class NodeMemory : IAsyncDisposable
{
    /// <summary>Between two samples.</summary>
    private static readonly TimeSpan SampleInterval = TimeSpan.FromHours(1);

    /// <summary>After one that had nobody, doubled up to the hour: a network that has just begun, or a gateway that has just started, has somebody soon.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(15);

    /// <summary>Between an attachment and the sample. Ours: what a process was started for is mostly a connection, and the processors are that one's first.</summary>
    private static readonly TimeSpan SampleDelay = TimeSpan.FromMilliseconds(200);

    private static readonly IReadOnlySet<PeerId> Nobody = new HashSet<PeerId>();

    private readonly CrustNodeOptions _options;
    private readonly NetworkId _network;
    private readonly Func<PeerAddress, bool> _mayContact;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly BootstrapStore _store;
    private readonly CancellationTokenSource _stopped = new();
    private readonly AsyncSignal _attached = new();
    private GatewayAttachment? _attachment;
    private Task _sampling = Task.CompletedTask;

    internal NodeMemory(CrustNodeOptions options, PeerId self, NetworkId network, Func<PeerAddress, bool> mayContact, MonotonicClock clock, ILogger logger)
    {
        (_options, _network, _mayContact, _clock, _logger) = (options, network, mayContact, clock, logger);
        _store = new BootstrapStore(options.IsGateway ? null : options.BootstrapCacheFile, self, network, clock.TimeProvider, logger);
        KnewPeers = options.Paths != PathPolicy.RelayOnly && _store.All.Any(n => n.Kind == CachedNodeKind.Peer);
    }

    /// <summary>Everything that is remembered.</summary>
    internal IReadOnlyList<CachedNode> All => _store.All;

    /// <summary>True when the file knew somebody to dial without a gateway.</summary>
    internal bool KnewPeers { get; }

    /// <summary>The remembered gateways, the best first.</summary>
    internal IReadOnlyList<IReadOnlyList<PeerAddress>> Gateways() => [.. _store.Gateways(Nobody).Select(Usable).Where(a => a.Count > 0)];

    /// <summary>Where a peer was when it was last reached or told of; empty where nothing is known, or no direct path is wanted.</summary>
    internal IReadOnlyList<PeerAddress> AddressesOf(PeerId peer) => _options.Paths == PathPolicy.RelayOnly || _store.Find(peer) is not { } known ? [] : Usable(known);

    /// <summary>Learns from this attachment. Once, before it starts.</summary>
    internal void Attach(GatewayAttachment attachment)
    {
        _attachment = attachment;
        attachment.Attached += HandleAttached;
        _sampling = Task.Run(SampleAsync);
    }

    /// <summary>A session stands: if this node dialled its peer at an address that listens, that is remembered.</summary>
    internal void HandleReached(SessionDriver session)
    {
        // A gateway is one once it took us.
        if (_options.IsGateway || session.IsSuspended || !session.ActiveLinkIsOurs || AddressOf(session) is not { } address
            || _attachment?.Contacts.Any(c => c.Peer == session.Remote) == true)
            return;
        _store.HandleReached(session.Remote, CachedNodeKind.Peer, [address, .. session.PeerAddresses.Where(a => a.Peer == session.Remote)]);
    }

    /// <summary>A remembered node did not answer.</summary>
    internal void HandleFailed(PeerId peer) => _store.HandleFailed(peer);

    public async ValueTask DisposeAsync()
    {
        if (_attachment is not null)
            _attachment.Attached -= HandleAttached;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _sampling.ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private static PeerAddress? AddressOf(SessionDriver session) =>
        session.Path is ConnectionPath.DirectTcp or ConnectionPath.DirectUtp or ConnectionPath.MappedTcp or ConnectionPath.MappedUtp
        && session.RemoteEndPoint is { } at && session.Path.ToTransport() is { } transport
            ? new PeerAddress(transport, new IPEndPoint(at.Address.IsIPv4MappedToIPv6 ? at.Address.MapToIPv4() : at.Address, at.Port), session.Remote)
            : null;

    /// <summary>What this node reached it dials again, wherever that is; what it was told of, as what any stranger says.</summary>
    private IReadOnlyList<PeerAddress> Usable(CachedNode node) => node.Reached is not null ? node.Addresses : [.. node.Addresses.Where(_mayContact)];

    private void HandleAttached()
    {
        if (_attachment?.Current is { } client)
        {
            if (AddressOf(client.Session) is { } address)
                _store.HandleReached(client.Gateway, CachedNodeKind.Gateway, [address]);
            Told(_attachment.Contacts.Select(c => c.ToString()));
        }

        _attached.Set();
    }

    private async Task SampleAsync()
    {
        var pause = FirstRetry;
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                using var timeout = new CancellationTokenSource(pause, _clock.TimeProvider);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
                await _attached.WaitAsync(either.Token).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await Task.Delay(SampleDelay, _clock.TimeProvider, _stopped.Token).ConfigureAwait(false);
                if (_attachment?.Current is not { } client)
                    continue;
                var sample = await client.SampleAsync(_stopped.Token).ConfigureAwait(false);
                var count = sample is { Status: GatewayStatus.Ok } ? Take(sample) : 0;
                pause = count > 0 || pause * 2 > SampleInterval ? SampleInterval : pause * 2;
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Remembers who is in a sample; how many peers there were.</summary>
    private int Take(SampleResponse sample)
    {
        var peers = SampleCodec.Peers(sample, _network, _mayContact, _clock.TimeProvider.GetUtcNow());
        foreach (var addresses in peers)
            _store.HandleTold(addresses[0].Peer, CachedNodeKind.Peer, addresses);
        Told(sample.Gateways);
        Log.BootstrapSampled(_logger, peers.Count, sample.Gateways.Count);
        return peers.Count;
    }

    private void Told(IEnumerable<string> gateways)
    {
        foreach (var addresses in SampleCodec.Gateways(gateways, _mayContact))
            _store.HandleTold(addresses[0].Peer, CachedNodeKind.Gateway, addresses);
    }
}
