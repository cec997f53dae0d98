namespace Crust.Utp;

/// <summary>What happened to a connection.</summary>
internal enum UtpEventKind
{
    /// <summary>A connection that we began is open.</summary>
    Connected,

    /// <summary>A remote's connection is open: its address is proven, and bytes may be there.</summary>
    Accepted,

    /// <summary>There is something to read, or the remote's end.</summary>
    Readable,

    /// <summary>After a write that took less than all: there is room again.</summary>
    Writable,

    /// <summary>Over; <see cref="UtpConnection.EndReason"/> says why. The last event of a connection.</summary>
    Ended,
}
