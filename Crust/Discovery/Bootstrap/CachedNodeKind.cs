namespace Crust.Discovery.Bootstrap;

/// <summary>What a node of the local cache is good for.</summary>
internal enum CachedNodeKind
{
    /// <summary>A gateway: one can attach to it.</summary>
    Gateway,

    /// <summary>A peer that can be dialled directly.</summary>
    Peer,
}
