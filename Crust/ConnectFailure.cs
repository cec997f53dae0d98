namespace Crust;

/// <summary>Why a connection did not come about, and who can do something about it.</summary>
public enum ConnectFailure
{
    /// <summary>No gateway could be reached: check the bootstrap addresses and the network.</summary>
    BootstrapFailed,

    /// <summary>The node is not attached to a gateway at the moment, so nobody can be asked where the peer is: try again.</summary>
    NotAttached,

    /// <summary>No gateway knows a peer of this id: it never attached, or its record ran out.</summary>
    PeerNotFound,

    /// <summary>The peer is known but listed no address that may be dialled.</summary>
    NoUsableAddress,

    /// <summary>None of the peer's addresses answered: it is gone, or a firewall stands between.</summary>
    Unreachable,

    /// <summary>Something answered but could not prove to be the peer, or is in another network.</summary>
    HandshakeFailed,

    /// <summary>The whole attempt took too long.</summary>
    TimedOut,

    /// <summary>The cluster behind the gateway is away and the gateway does not remember the peer: try again.</summary>
    ClusterUnavailable,

    /// <summary>Too many requests: slow down.</summary>
    Throttled,

    /// <summary>The node, or the peer, is shutting down.</summary>
    ShuttingDown,

    /// <summary>The id or address is this node's own.</summary>
    Self,

    /// <summary>This node's access list does not allow the peer, or its address: nothing was dialled.</summary>
    NotAllowed,

    /// <summary>A newer process runs under this node's identity: stop one of the two, or give it an identity of its own.</summary>
    IdentityElsewhere,

    /// <summary>Both sides looked for a direct path and found none, and one of them takes no other (<see cref="PathPolicy.DirectOnly"/>): let one of them use a gateway, or its router forward a port.</summary>
    NoDirectPath,
}
