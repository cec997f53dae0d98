using System.Diagnostics;
using System.Globalization;
using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// A gateway's side of the cluster without the peers' side: its own Orleans client over TCP, and the <see cref="ClusterLink"/> that every gateway has, with
/// its exchanges, announcements and proof. Whom it attached is a list that was signed before.
/// </summary>
internal sealed class ClusterGateway : IAttachedPeers, IAsyncDisposable
{
    /// <summary>Between looks at what is waited for, and before a peer is offered again.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly ulong _epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private readonly GatewayProof _proof;
    private volatile AttachedPeer[] _attached = [];

    private readonly bool _ownsClient;
    private Task<ClusterReply<ExchangeReply>>? _held;

    private ClusterGateway(CrustClusterClient client, bool ownsClient)
    {
        (Client, _ownsClient) = (client, ownsClient);
        _proof = GatewayLifeProof.Create(Identity, ClusterSilo.Network, _epoch, DateTimeOffset.UtcNow);
        Link = new ClusterLink(Client, Identity.Id, Heartbeat, this, TimeProvider.System, NullLogger.Instance, _proof);
    }

    internal PeerIdentity Identity { get; } = PeerIdentity.Create();

    internal PeerId Id => Identity.Id;

    internal CrustClusterClient Client { get; }

    internal ClusterLink Link { get; }

    /// <summary>One that has not begun to tell the cluster of itself.</summary>
    internal static ClusterGateway Create(int siloPort)
    {
        var options = new CrustClientOptions { Network = ClusterSilo.NetworkName };
        options.EndPoints.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{siloPort}"));
        return new ClusterGateway(new CrustClusterClient(options), ownsClient: true);
    }

    /// <summary>One over another's connection, for <see cref="ExchangeAsync"/> alone.</summary>
    internal static ClusterGateway CreateBeside(ClusterGateway other) => new(other.Client, ownsClient: false);

    /// <summary>Connects; returns when the directory lists it.</summary>
    internal async Task<ClusterGateway> StartAsync()
    {
        await Client.WaitUntilConnectedAsync(CancellationToken.None);
        Link.Start();
        while (!Array.Exists(Link.Directory.Gateways, g => g.Gateway == Id))
            await Task.Delay(Poll);
        return this;
    }

    /// <summary>Peers attach one by one, so many at a time: stored, announced and acknowledged when this returns. Who is not taken is offered again, as gateways do.</summary>
    internal async Task AttachAsync(ClusterPeer[] peers, int atATime)
    {
        _attached = [.. _attached, .. peers.Select(Attached)];
        await InParallel.RunAsync(peers.Length, atATime, async i =>
        {
            var outcome = await Link.AttachAsync(peers[i].SignedRecord, peers[i].SignedAttachment, CancellationToken.None);
            for (var attempt = 0; attempt < 100 && outcome is (AttachOutcome.Unavailable or AttachOutcome.StorageUnavailable); attempt++)
            {
                await Task.Delay(Poll);
                outcome = await Link.AttachAsync(peers[i].SignedRecord, peers[i].SignedAttachment, CancellationToken.None);
            }

            if (outcome != AttachOutcome.Attached)
                throw new InvalidOperationException($"The cluster said {outcome}.");
        });
    }

    /// <summary>Takes peers that the cluster has not heard of, before the start: the link's own loop tells of them then, in batches.</summary>
    internal void Hold(ClusterPeer[] peers) => _attached = Array.ConvertAll(peers, Attached);

    /// <summary>Exchanges with the mailbox for so long, the next begun when one was answered, two under way; how many were answered.</summary>
    internal async Task<int> ExchangeAsync(TimeSpan duration)
    {
        var (mailbox, directory, policy) = (0UL, 0UL, 0UL);
        var answered = 0;
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < duration; answered++)
        {
            var held = _held ?? ExchangeAsync(mailbox, directory, policy);
            _held = ExchangeAsync(mailbox, directory, policy);
            if (!(await held).TryGet(out var reply) || reply.Status != ExchangeStatus.Ok)
                throw new InvalidOperationException("The mailbox did not answer.");
            (mailbox, directory, policy) = (reply.MailboxEpoch, reply.Directory?.Version ?? directory, reply.PolicyVersion);
        }

        return answered;
    }

    public IReadOnlyCollection<AttachedPeer> Snapshot() => _attached;

    public ulong? EpochOf(PeerId peer) => Array.Find(_attached, attached => attached.Peer == peer)?.Epoch;

    public void Deliver(GatewayCommand command)
    {
    }

    public void Superseded(PeerId peer, ulong byEpoch)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        if (_ownsClient)
            await Client.DisposeAsync();
        Identity.Dispose();
    }

    private Task<ClusterReply<ExchangeReply>> ExchangeAsync(ulong mailboxEpoch, ulong directoryVersion, ulong policyVersion) =>
        Client.ExchangeAsync(Id, mailboxEpoch, 0, directoryVersion, policyVersion, Heartbeat(), _proof, CancellationToken.None);

    private static AttachedPeer Attached(ClusterPeer peer) => new(peer.Id, peer.SignedAttachment, peer.Sequence, ClusterPeer.Epoch);

    private GatewayHeartbeat Heartbeat() => new(_epoch, [$"tcp://127.0.0.1:4000/{Id}"], "benchmark", _attached.Length, false);
}
