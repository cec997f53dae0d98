using System.Collections.Concurrent;
using Crust.Gateway.Cluster;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.Gateway.Server;

/// <summary>The peers attached to this gateway. Bounded by the node's sessions: an entry lives no longer than its connection. Thread safe.</summary>
internal sealed class AttachedPeers : IAttachedPeers
{
    private readonly ConcurrentDictionary<PeerId, AttachedEntry> _entries = new();

    /// <summary>Takes the commands that are not for one of these peers.</summary>
    internal Action<GatewayCommand>? Other { get; set; }

    internal int Count => _entries.Count;

    /// <summary>Who is attached now.</summary>
    internal IReadOnlyCollection<AttachedEntry> Entries => [.. _entries.Values];

    internal AttachedEntry? Find(PeerId peer) => _entries.GetValueOrDefault(peer);

    internal bool IsAttached(PeerConnection connection) => Find(connection.Peer)?.Connection == connection;

    /// <summary>Attaches a peer. False when a newer process of it is: requests of an older one may still be under way when it is replaced.</summary>
    internal bool TrySet(AttachedEntry entry) => _entries.AddOrUpdate(
        entry.Peer.Peer, entry, (_, known) => known.Peer.Epoch > entry.Peer.Epoch && known.Connection.IsOpen ? known : entry) == entry;

    /// <summary>Removes the peer if it is attached by this connection; returns what it was.</summary>
    internal AttachedEntry? Remove(PeerConnection connection) =>
        Find(connection.Peer) is { } entry && entry.Connection == connection && _entries.TryRemove(KeyValuePair.Create(connection.Peer, entry)) ? entry : null;

    public IReadOnlyCollection<AttachedPeer> Snapshot() => [.. _entries.Values.Select(e => e.Peer)];

    public ulong? EpochOf(PeerId peer) => Find(peer)?.Peer.Epoch;

    public void Deliver(GatewayCommand command)
    {
        if (command is IntroduceCommand introduce)
            Introduce(introduce.Target, introduce.CallerSignedRecord, introduce.AttemptId);
        else
            Other?.Invoke(command);
    }

    public void Superseded(PeerId peer, ulong byEpoch)
    {
        if (Find(peer) is { } entry && entry.Peer.Epoch < byEpoch && Remove(entry.Connection) is not null)
            // Ends at once; the task only tells when the goodbye has gone out, for which nobody waits here.
            _ = entry.Connection.Session.AbortAsync(GoodbyeCode.IdentityElsewhere, EpochRule.Reason);
    }

    /// <summary>Passes an introduction on to an attached peer; false when it is not attached here.</summary>
    internal bool Introduce(PeerId target, byte[] callerSignedRecord, byte[] attemptId)
    {
        if (Find(target) is not { } entry)
            return false;
        var notice = new GatewayEnvelope
        {
            Introduction = new Introduction { Record = ByteString.CopyFrom(callerSignedRecord), Attempt = ByteString.CopyFrom(attemptId) },
        };
        // A peer that does not read its notices loses them: nobody waits for it here.
        return entry.Connection.Session.Sender.TrySend(GatewayCodec.Protocol, notice.ToByteArray(), SessionDriver.DefaultPriority);
    }
}
