namespace Crust;

/// <summary>Why a gateway did not take a node.</summary>
public enum BootstrapRefusal
{
    /// <summary>Nobody answered at its addresses.</summary>
    Unreachable,

    /// <summary>What answered could not prove to be it, or is in another network.</summary>
    HandshakeFailed,

    /// <summary>This node's own access list does not allow it.</summary>
    NotAllowed,

    /// <summary>Its access list or the network's operators do not allow this node, or it ended the session for another reason of its own.</summary>
    Denied,

    /// <summary>It did not answer the request in time, or is no gateway.</summary>
    NoAnswer,

    /// <summary>It was asked too often.</summary>
    Throttled,

    /// <summary>It does not accept the node's record or attachment: mostly this node's clock is wrong by more than ten minutes.</summary>
    Invalid,

    /// <summary>A newer process runs under this node's identity.</summary>
    IdentityElsewhere,

    /// <summary>The node stopped to try.</summary>
    GivenUp,

    /// <summary>Operators drain it: it takes no new peers, and named other gateways.</summary>
    Draining,
}
