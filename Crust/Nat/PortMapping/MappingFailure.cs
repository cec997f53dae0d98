namespace Crust.Nat.PortMapping;

/// <summary>Why a router did not map a port. The router's fault or its owner's choice, unless a member says otherwise.</summary>
internal enum MappingFailure
{
    /// <summary>It did.</summary>
    None,

    /// <summary>Its owner does not let hosts map ports, or not these.</summary>
    NotAuthorized,

    /// <summary>It has no more places or ports.</summary>
    OutOfResources,

    /// <summary>It has no connection to the internet itself.</summary>
    NetworkFailure,

    /// <summary>It does not know the version, the request or the protocol.</summary>
    Unsupported,

    /// <summary>It sees us under another address than our own: there is a NAT between us and it.</summary>
    AddressMismatch,

    /// <summary>Every port that was tried belongs to another host.</summary>
    Conflict,

    /// <summary>Its answer is no answer to what was asked, or unreadable.</summary>
    Malformed,

    /// <summary>It calls the request malformed, or fails without saying why.</summary>
    Refused,

    /// <summary>It answered, and then nothing more in time.</summary>
    NoAnswer,
}
