namespace Crust.Nat.Stun;

/// <summary>Attribute types. RFC 8489 §18.3; those of RFC 5780 §7 and RFC 8445 §16.1 are marked. Below <c>0x8000</c> one must be understood.</summary>
internal enum StunAttribute : ushort
{
    MappedAddress = 0x0001,

    /// <summary>RFC 5780 §7.2: flags that ask the server to answer from its other address, port, or both.</summary>
    ChangeRequest = 0x0003,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000A,
    Realm = 0x0014,
    Nonce = 0x0015,
    MessageIntegritySha256 = 0x001C,
    PasswordAlgorithm = 0x001D,
    UserHash = 0x001E,
    XorMappedAddress = 0x0020,

    /// <summary>RFC 8445 §16.1.</summary>
    Priority = 0x0024,

    /// <summary>RFC 8445 §16.1: no value.</summary>
    UseCandidate = 0x0025,

    /// <summary>RFC 5780 §7.6: the answer is wasted bytes; known and ignored.</summary>
    Padding = 0x0026,

    /// <summary>RFC 5780 §7.5: the port to answer to.</summary>
    ResponsePort = 0x0027,
    Software = 0x8022,
    AlternateServer = 0x8023,
    Fingerprint = 0x8028,

    /// <summary>RFC 8445 §16.1.</summary>
    IceControlled = 0x8029,

    /// <summary>RFC 8445 §16.1.</summary>
    IceControlling = 0x802A,

    /// <summary>RFC 5780 §7.3: where the answer was sent from.</summary>
    ResponseOrigin = 0x802B,

    /// <summary>RFC 5780 §7.4: the server's other address and port.</summary>
    OtherAddress = 0x802C,
}
