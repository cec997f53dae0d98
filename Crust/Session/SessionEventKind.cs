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

    /// <summary>After <see cref="SendResult.Full"/>: there is room again for the smallest message that was refused.</summary>
    Writable,

    /// <summary>The session ended: the last event. The outcomes of all tokens came before it.</summary>
    Closed,

    /// <summary>At the end: the token's message was written at least in part, and never acknowledged.</summary>
    OutcomeUnknown,

    /// <summary>No byte of the token's message was ever written: the session ended, or the message was of low priority and waited too long.</summary>
    NotSent,
}
