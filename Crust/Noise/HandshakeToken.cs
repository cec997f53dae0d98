namespace Crust.Noise;

/// <summary>A step of a handshake message: the tokens of the Noise specification (§7.1) and of its hybrid forward secrecy extension.</summary>
internal enum HandshakeToken
{
    /// <summary>An ephemeral public key, in the clear.</summary>
    E,

    /// <summary>A static public key, encrypted as soon as there is a key.</summary>
    S,

    /// <summary>DH of both ephemeral keys.</summary>
    EE,

    /// <summary>DH of the initiator's ephemeral and the responder's static key.</summary>
    ES,

    /// <summary>DH of the initiator's static and the responder's ephemeral key.</summary>
    SE,

    /// <summary>DH of both static keys.</summary>
    SS,

    /// <summary>An ephemeral KEM public key, encrypted as soon as there is a key (HFS).</summary>
    E1,

    /// <summary>A KEM ciphertext for the other's <see cref="E1"/>, encrypted as soon as there is a key; then its secret is mixed in (HFS).</summary>
    EKem1,
}
