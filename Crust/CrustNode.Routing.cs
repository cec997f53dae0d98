using System.Buffers.Binary;
using Crust.Cryptography;
using Crust.Dialing.Driver;
using Crust.Discovery.Routing.Driver;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;

namespace Crust;

/// <content>The node's neighbours: what it knows and asks without gateways.</content>
public sealed partial class CrustNode
{
    /// <summary>A gateway is asked for the neighbourhood when the node attaches, and then each hour.</summary>
    private static readonly TimeSpan NeighbourhoodInterval = TimeSpan.FromHours(1);

    private Neighbours? _neighbours;
    private NeighbourSearch? _search;
    private Task _asking = Task.CompletedTask;
    private (PeerId Gateway, long At)? _asked;

    /// <summary>The peers in the node's routing table; 0 without <see cref="CrustNodeOptions.PeerRouting"/>.</summary>
    internal int KnownPeers => _neighbours?.Count ?? 0;

    private void AddRouting(Dialer dialer, MonotonicClock clock)
    {
        if (!_options.PeerRouting || _options.IsGateway || _options.Paths == PathPolicy.RelayOnly || (_options.Bootstrap.Count == 0 && _options.RoutingTableFile is null))
            return;
        var own = new OwnRecord(_identity, Network, () => _attachment, PublishedAddresses, _options.TimeProvider);
        var file = _options.RoutingTableFile is { } path ? new RoutingFile(path, Network, _options.TimeProvider) : null;
        _neighbours = new Neighbours(
            Id, Network, _table, _introductions, own, new NeighbourCircuits(_circuits, clock), IsKnownGateway, clock, file,
            BinaryPrimitives.ReadUInt64LittleEndian(SecureRandom.Bytes(sizeof(ulong))), _logger, _stopped.Token);
        _search = new NeighbourSearch(
            Id, _neighbours, _table, _connector, dialer, _arrivals, _controls, IsLoopbackAllowed, () => _attachment?.Current is not null, clock, _stopped.Token);
        _neighbours.Open = _search.OpenAsync;
        _connector.ByNeighbours = _search.ReachAsync;
        _hops.OfPeer = peer => _table.Find(peer) is { Closure: null } session && !IsKnownGateway(peer) ? session.EnableCircuits(_neighbours.Circuits) : null;
        _protocols.AddInternal(PeersTalk.Protocol, _neighbours.HandleAsync);
    }

    /// <summary>The gateway took us, or took us again: it is asked for our neighbourhood when it is time, and peers are told what we publish by now.</summary>
    private void AskNeighbourhood(GatewayAttachment attachment)
    {
        _neighbours?.TellChanges();
        if (_neighbours is null || attachment.Current is not { } gateway || !_asking.IsCompleted)
            return;
        if (_asked is { } last && last.Gateway == gateway.Gateway && _options.TimeProvider.GetElapsedTime(last.At) < NeighbourhoodInterval)
            return;
        _asked = (gateway.Gateway, _options.TimeProvider.GetTimestamp());
        _asking = Task.Run(() => _neighbours.AskGatewayAsync(gateway, _stopped.Token));
    }

    private bool IsKnownGateway(PeerId peer) => _attachment?.Current?.Gateway == peer || _options.Bootstrap.Any(b => b.Peer == peer);
}
