namespace Crust.Tests.Fuzz;

/// <summary>What a <see cref="Capture"/> is of.</summary>
internal enum CaptureKind : byte
{
    /// <summary>The session's id and its salt secret.</summary>
    Session,

    /// <summary>A record plaintext that the node received.</summary>
    ToNode,

    /// <summary>A record plaintext that it sent.</summary>
    FromNode,

    /// <summary>A Noise message 1 as it went over the wire, and message 2.</summary>
    Message1,

    /// <summary>Noise message 2.</summary>
    Message2,

    /// <summary>What message 1 said.</summary>
    Payload1,

    /// <summary>What message 2 said.</summary>
    Payload2,

    /// <summary>An envelope of the gateway protocol.</summary>
    Envelope,

    /// <summary>A signed peer record.</summary>
    PeerRecord,

    /// <summary>A signed attachment.</summary>
    Attachment,

    /// <summary>A <c>SignedMessage</c> in binary.</summary>
    Evidence,

    /// <summary>The same in JSON.</summary>
    EvidenceJson,

    /// <summary>A message of the file protocol, from the sender.</summary>
    FileToReceiver,

    /// <summary>One from the receiver.</summary>
    FileToSender,

    /// <summary>A µTP packet.</summary>
    UtpDatagram,
}
