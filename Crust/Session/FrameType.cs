namespace Crust.Session;

/// <summary>The first byte of a frame. Frames fill a record back to back; an unknown type ends the session, since its length is unknown.</summary>
internal enum FrameType : byte
{
    /// <summary><see cref="ProtocolFrame"/>.</summary>
    Protocol = 0x01,

    /// <summary><see cref="MessageFrame"/>.</summary>
    Message = 0x02,

    /// <summary><see cref="BatchFrame"/>.</summary>
    Batch = 0x03,

    /// <summary><see cref="AcknowledgeFrame"/>.</summary>
    Acknowledge = 0x04,

    /// <summary>Token u64, to be answered with <see cref="Pong"/>.</summary>
    Ping = 0x05,

    /// <summary>Token u64 of the newest PING.</summary>
    Pong = 0x06,

    /// <summary><see cref="RefuseFrame"/>.</summary>
    Refuse = 0x07,

    /// <summary><see cref="GoodbyeFrame"/>.</summary>
    Goodbye = 0x08,
}
