namespace Crust.Session.Frames;

/// <summary>The first byte of a frame. Frames fill a record back to back; an unknown type ends the session, since its length is unknown.</summary>
internal enum FrameType : byte
{
    /// <summary><see cref="ProtocolFrame"/>.</summary>
    Protocol = 0x01,

    /// <summary><see cref="EntryFrame"/>: a whole entry.</summary>
    Entry = 0x02,

    /// <summary><see cref="BatchFrame"/>.</summary>
    Batch = 0x03,

    /// <summary><see cref="AcknowledgeFrame"/>.</summary>
    Acknowledge = 0x04,

    /// <summary>Token u64, to be answered on the same link with <see cref="Pong"/>.</summary>
    Ping = 0x05,

    /// <summary>Token u64 of the newest PING.</summary>
    Pong = 0x06,

    /// <summary><see cref="RefuseFrame"/>.</summary>
    Refuse = 0x07,

    /// <summary><see cref="GoodbyeFrame"/>.</summary>
    Goodbye = 0x08,

    /// <summary><see cref="BeginFrame"/>: the first fragment of an entry.</summary>
    Begin = 0x09,

    /// <summary><see cref="MoreFrame"/>: a further fragment.</summary>
    More = 0x0A,

    /// <summary><see cref="EndFrame"/>: the last fragment.</summary>
    End = 0x0B,

    /// <summary><see cref="StreamCreditFrame"/>.</summary>
    StreamCredit = 0x0C,

    /// <summary><see cref="DatagramFrame"/>.</summary>
    Datagram = 0x0D,

    /// <summary><see cref="NominateFrame"/>: this link carries the session from here on.</summary>
    Nominate = 0x0E,

    /// <summary><see cref="LinkRequestFrame"/>: the higher id asks for the nomination of this link.</summary>
    LinkRequest = 0x0F,

    /// <summary><see cref="CreditReturnFrame"/>.</summary>
    CreditReturn = 0x10,

    /// <summary><see cref="CircuitOpenFrame"/>. This one and those below are between a peer and a gateway only.</summary>
    CircuitOpen = 0x11,

    /// <summary><see cref="CircuitDataFrame"/>.</summary>
    CircuitData = 0x12,

    /// <summary><see cref="CircuitCreditFrame"/>.</summary>
    CircuitCredit = 0x13,

    /// <summary><see cref="CircuitCloseFrame"/>.</summary>
    CircuitClose = 0x14,
}
