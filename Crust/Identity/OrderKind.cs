namespace Crust.Identity;

/// <summary>What an operator orders. Its number is on the wire.</summary>
internal enum OrderKind : byte
{
    /// <summary>The peer has no session with any gateway, and is not found.</summary>
    Ban = 1,

    /// <summary>Takes a ban back.</summary>
    Unban = 2,

    /// <summary>The peer is on the allow list; while one is, only those that are on it may attach. A ban counts more.</summary>
    Allow = 3,

    /// <summary>Takes the peer off the allow list. When the last one leaves there is no list any more.</summary>
    Disallow = 4,

    /// <summary>The gateway takes no new peers, and sends those it has to others.</summary>
    Drain = 5,

    /// <summary>The gateway takes peers again.</summary>
    Undrain = 6,
}
