namespace Crust.Session;

/// <summary>Why a session ended, as the wire says it. Codes of later versions may follow: a receiver passes on what it does not know.</summary>
internal enum GoodbyeCode
{
    /// <summary>The application is done.</summary>
    Normal = 0,

    /// <summary>The process is shutting down or the gateway drains; dialling again may reach another.</summary>
    GoingAway = 1,

    /// <summary>The other end broke the protocol. No finer reason is ever given to it.</summary>
    ProtocolViolation = 2,

    /// <summary>Nothing was received for too long, or nothing of what was sent was acknowledged or read.</summary>
    IdleTimeout = 3,

    /// <summary>A newer session of the same process took over.</summary>
    Replaced = 4,

    /// <summary>Policy (a ban, an allow-list) does not want this peer.</summary>
    Denied = 5,

    /// <summary>This end ran out of a resource.</summary>
    Overloaded = 6,

    /// <summary>This end failed in itself.</summary>
    InternalError = 7,

    /// <summary>A newer process runs under the identity of the one that is told so. It must not dial again in a loop.</summary>
    IdentityElsewhere = 8,

    /// <summary>The peer's process began anew and knows nothing of the session. Never on the wire: whoever could say it is gone.</summary>
    PeerRestarted = 9,
}
