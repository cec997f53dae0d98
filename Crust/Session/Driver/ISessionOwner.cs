namespace Crust.Session.Driver;

/// <summary>What a session asks of, and tells to, the node that holds it. Calls come from the session's own threads.</summary>
internal interface ISessionOwner
{
    /// <summary>The handler of a protocol's messages, or null when nobody takes them. Under the session's lock.</summary>
    InboundHandler? FindHandler(string protocol);

    /// <summary>The handler of a protocol's streams, or null when nobody takes them. Under the session's lock.</summary>
    StreamHandler? FindStreamHandler(string protocol);

    /// <summary>The handler of a protocol's datagrams, or null when nobody takes them. Under the session's lock.</summary>
    InboundHandler? FindDatagramHandler(string protocol);

    /// <summary>Whether payloads of a protocol must be signed. Under the session's lock.</summary>
    bool RequiresSignature(string protocol);

    /// <summary>A session began. It may have delivered messages already.</summary>
    void SessionOpened(SessionDriver session);

    /// <summary>The session lost its link, doubts it, or has had it for too long: make another if possible. Repeated while it lasts.</summary>
    void LinkWanted(SessionDriver session);

    /// <summary>The session moved to another link, or lost the last one: <see cref="SessionDriver.IsSuspended"/>.</summary>
    void PathChanged(SessionDriver session);

    /// <summary>The session is over.</summary>
    void SessionEnded(SessionDriver session);
}
