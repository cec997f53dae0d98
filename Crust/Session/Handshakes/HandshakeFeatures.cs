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
}
