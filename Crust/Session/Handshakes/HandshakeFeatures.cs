namespace Crust.Session.Handshakes;

/// <summary>What a side wants of the session, 32 bits in each handshake payload; unknown bits are ignored.</summary>
[Flags]
internal enum HandshakeFeatures : uint
{
    None = 0,

    /// <summary>"I sign what I send."</summary>
    SignsWhatItSends = 1,

    /// <summary>"I require signatures on what I receive."</summary>
    RequiresSignatures = 2,

    /// <summary>"This is a control circuit: no session comes of it." A responder refuses it on any other link, and its want on a control circuit.</summary>
    ControlOnly = 4,
}
