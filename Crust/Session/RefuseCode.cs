namespace Crust.Session;

/// <summary>Why a message that arrived was not taken. Codes of later versions may follow: a receiver passes on what it does not know.</summary>
internal enum RefuseCode
{
    /// <summary>No handler takes the protocol.</summary>
    UnknownProtocol = 1,

    /// <summary>The receiver insists on signatures for this protocol, and the payload had none.</summary>
    SignatureRequired = 2,
}
