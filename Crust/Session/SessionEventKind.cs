namespace Crust.Session;

/// <summary>What a <see cref="SessionEvent"/> tells.</summary>
internal enum SessionEventKind
{
    /// <summary>A message arrived, complete, in order and (in a signed direction) verified.</summary>
    MessageReceived,

    /// <summary>The remote received and verified the token's message.</summary>
    Acknowledged,

    /// <summary>The remote received the token's message, and nobody there takes it. No acknowledgement event follows.</summary>
    Refused,

    /// <summary>After <see cref="SendResult.Full"/>: there is room again.</summary>
    Writable,

    /// <summary>The session ended: the last event. The outcomes of all messages came before it.</summary>
    Closed,

    /// <summary>At the end: the message was written whole, and never acknowledged.</summary>
    OutcomeUnknown,

    /// <summary>The message cannot have been delivered: the session ended, or it was of low priority and waited too long.</summary>
    NotSent,

    /// <summary>Messages of low priority waited too long and were dropped, so many as the event's code says since it was told before: at once, then every 10 s at most. Those with a token have their outcome beside it.</summary>
    Dropped,

    /// <summary>A datagram arrived.</summary>
    DatagramReceived,

    /// <summary>The remote opened a stream.</summary>
    StreamOpened,

    /// <summary>The next bytes of a stream.</summary>
    StreamData,

    /// <summary>The remote is done with its direction of a stream.</summary>
    StreamFinished,

    /// <summary>The remote gave up its direction of a stream.</summary>
    StreamReset,

    /// <summary>The remote wants no more of our direction, which was reset.</summary>
    StreamStopped,

    /// <summary>Both directions of a stream have ended and the remote knows: nothing more is told of it.</summary>
    StreamOver,

    /// <summary>After a write that took nothing: there is room again, or the stream has ended.</summary>
    StreamWritable,

    /// <summary>The session moved to this link.</summary>
    LinkActivated,

    /// <summary>The link is of no use any more: close it.</summary>
    LinkUnwanted,

    /// <summary>The session has no link, or doubts the one it has, or it is too old: make another if you can. Repeated while it lasts.</summary>
    LinkWanted,

    /// <summary>The session has no link.</summary>
    Suspended,
}
