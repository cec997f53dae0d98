using System.Collections.Concurrent;
using Crust.Access;
using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Tests.Cluster;

/// <summary>A gateway as its <see cref="ClusterLink"/> sees it: a table of attached peers, and what was delivered.</summary>
internal sealed class TestGateway : IAttachedPeers, IAsyncDisposable
{
    private readonly TestPeer _self = new();

    internal TestGateway(CrustClusterClient client, params PeerId[] operators)
    {
        Proof = ProofOf(Epoch);
        Policy = new PolicyFollower(client, _self.Id, operators.ToHashSet(), rules => Rules = rules, TimeProvider.System, NullLogger.Instance);
        Link = new ClusterLink(
            client, _self.Id, () => new GatewayHeartbeat(Epoch, [$"tcp://127.0.0.1:4000/{_self.Id}"], "test", Attached.Count, Policy.IsDraining), this, TimeProvider.System,
            NullLogger.Instance, Proof, Policy);
        Link.Start();
    }

    internal PeerId Id => _self.Id;

    internal ulong Epoch { get; } = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    internal ClusterLink Link { get; }

    /// <summary>What it shows the cluster.</summary>
    internal GatewayProof Proof { get; }

    internal PolicyFollower Policy { get; }

    /// <summary>Who may attach, as operators ordered.</summary>
    internal AccessRules Rules { get; private set; } = AccessRules.Everyone;

    /// <summary>What it would show in another life of it.</summary>
    internal GatewayProof ProofOf(ulong epoch) => _self.Prove(epoch);

    internal ConcurrentDictionary<PeerId, AttachedPeer> Attached { get; } = new();

    internal ConcurrentQueue<GatewayCommand> Delivered { get; } = new();

    internal ConcurrentQueue<(PeerId Peer, ulong ByEpoch)> Lost { get; } = new();

    /// <summary>Attaches a peer as a gateway does: into its own table first.</summary>
    internal Task<AttachOutcome> AttachAsync(TestPeer peer, ulong epoch, ulong sequence = 1)
    {
        var now = DateTimeOffset.UtcNow;
        var attachment = peer.Attach(Id, epoch, now);
        Attached[peer.Id] = new AttachedPeer(peer.Id, attachment, sequence, epoch);
        return Link.AttachAsync(peer.Record(sequence, now), attachment, CancellationToken.None);
    }

    /// <summary>The peer leaves.</summary>
    internal Task<bool> DetachAsync(PeerId peer, ulong epoch)
    {
        Attached.TryRemove(peer, out _);
        return Link.DetachAsync(peer, epoch, CancellationToken.None);
    }

    public IReadOnlyCollection<AttachedPeer> Snapshot() => [.. Attached.Values];

    public ulong? EpochOf(PeerId peer) => Attached.TryGetValue(peer, out var attached) ? attached.Epoch : null;

    public void Deliver(GatewayCommand command) => Delivered.Enqueue(command);

    public void Superseded(PeerId peer, ulong byEpoch)
    {
        if (Attached.TryGetValue(peer, out var attached) && attached.Epoch < byEpoch)
            Attached.TryRemove(peer, out _);
        Lost.Enqueue((peer, byEpoch));
    }

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        _self.Dispose();
    }
}
