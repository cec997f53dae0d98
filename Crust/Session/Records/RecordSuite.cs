namespace Crust.Session.Records;

/// <summary>The authenticated cipher of a link's records. The values are on the wire.</summary>
internal enum RecordSuite : byte
{
    /// <summary>ChaCha20-Poly1305 (RFC 8439): key 32, tag 16. Every peer has it.</summary>
    ChaCha20Poly1305 = 1,

    /// <summary>AEGIS-256: key 32, tag 32. Preferred where both sides have AES instructions.</summary>
    Aegis256 = 2,

    /// <summary>AEGIS-128L: key 16, tag 32. Faster at a 128-bit level; only where both sides' options allow it.</summary>
    Aegis128L = 3,

    /// <summary>AEGIS-256X of degree 2: key 32, tag 32. AEGIS-256 twice side by side; preferred to it where both sides have it.</summary>
    Aegis256X2 = 4,
}
