namespace Crust.Session;

/// <summary>What became of a message that was handed over to be sent.</summary>
internal enum SendResult
{
    /// <summary>It is queued; its token's outcome will follow.</summary>
    Queued,

    /// <summary>The budget is used up; nothing was queued. <see cref="SessionEventKind.Writable"/> follows when it is worth trying again.</summary>
    Full,

    /// <summary>The payload is longer than <see cref="WireLimits.MaxMessageLength"/>: the caller's fault.</summary>
    TooLarge,

    /// <summary>The protocol's name is not 1 to 64 printable ASCII characters, or the session has used too many different ones: the caller's fault.</summary>
    InvalidProtocol,

    /// <summary>The session is closing or closed.</summary>
    Closed,
}
