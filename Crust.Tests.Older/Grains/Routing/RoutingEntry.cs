using Crust.Tests.Older.Contracts;
using Crust.Identity;

namespace Crust.Tests.Older.Grains.Routing;

/// <summary>One attached peer in a zone's table.</summary>
internal sealed class RoutingEntry(PeerId peer, byte[] hash)
{
    /// <summary>Most gateways one process of a peer is known at: its home and those it visits to reach others. Ours.</summary>
    internal const int MaxAttachments = 4;

    internal PeerId Peer { get; } = peer;

    internal byte[] Hash { get; } = hash;

    /// <summary>Start of the peer's newest process.</summary>
    internal ulong Epoch { get; set; }

    /// <summary>All of <see cref="Epoch"/>, the one signed last first.</summary>
    internal List<RoutingAttachment> Attachments { get; } = new(1);

    internal PeerPresence ToPresence()
    {
        var newest = Attachments[0];
        return new PeerPresence(Peer, newest.Gateway, Epoch, newest.RecordSequence, newest.Signed);
    }
}

/// <summary>One attachment of a peer: at which gateway, and the peer's own word for it.</summary>
internal sealed record RoutingAttachment(PeerId Gateway, ulong UnixMilliseconds, ulong RecordSequence, byte[] Signed);

/// <summary>A process of a peer that lost to a newer one.</summary>
internal readonly record struct Superseded(PeerId Gateway, PeerId Peer, ulong ByEpoch);
