using System.Net;
using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>A peer's place in the table.</summary>
internal sealed class RoutingEntry(KnownPeer peer)
{
    private static readonly Instant Never = new Instant(0) + TimeSpan.FromDays(-3650);

    /// <summary>Its newest record.</summary>
    internal KnownPeer Peer { get; set; } = peer;

    /// <summary>When it last proved to be there; null: never.</summary>
    internal Instant? Proven { get; set; }

    /// <summary>Where it was met last, directly.</summary>
    internal IPAddress? MetAt { get; set; }

    /// <summary>Failures in a row.</summary>
    internal int Failures { get; set; }

    /// <summary>True while somebody finds out whether it is there.</summary>
    internal bool IsChecked { get; set; }

    /// <summary>True when somebody waits for its place: it is asked first whether it is there.</summary>
    internal bool IsDoubted { get; set; }

    /// <summary>Which addresses it counts among.</summary>
    internal PrefixGroup Group { get; set; } = peer.Group;

    /// <summary>When it last proved to be there; one that never did, long ago.</summary>
    internal Instant LastSeen => Proven ?? Never;
}
