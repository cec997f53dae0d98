namespace Crust.Session.Admission;

/// <summary>What is to become of a link whose handshake succeeded.</summary>
internal enum LinkVerdict
{
    /// <summary>It is of no session that can be: close it.</summary>
    Surplus,

    /// <summary>An older process of the peer made it than has the open session: tell it, and close it.</summary>
    Outrun,

    /// <summary>It belongs to the open session.</summary>
    Join,

    /// <summary>It begins a session, and the one that is open, if any, is over: the peer knows nothing of it any more.</summary>
    Begin,

    /// <summary>Close it and end the open session, of which the peer knows nothing any more: the next link, with another nonce of ours, begins one.</summary>
    Renew,
}
