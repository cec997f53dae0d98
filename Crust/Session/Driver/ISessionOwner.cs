namespace Crust.Session.Driver;

/// <summary>What a session asks of, and tells to, the node that holds it. Calls come from the session's own threads, never under its lock.</summary>
internal interface ISessionOwner
{
    /// <summary>The handler of a protocol, or null when nobody takes it.</summary>
    InboundHandler? FindHandler(string protocol);

    /// <summary>Ends once no other link to the same peer is being made: a session that lost its link waits for that.</summary>
    Task LinksSettledAsync(SessionDriver session);

    /// <summary>A session began. It may have delivered messages already.</summary>
    void SessionOpened(SessionDriver session);

    /// <summary>The session is over.</summary>
    void SessionEnded(SessionDriver session);
}
