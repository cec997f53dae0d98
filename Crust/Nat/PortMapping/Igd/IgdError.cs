namespace Crust.Nat.PortMapping.Igd;

/// <summary>Error codes of UPnP actions that are told apart here: UPnP Device Architecture 1.1 §3.3.2, WANIPConnection:2 §2.5, WANIPv6FirewallControl:1 §2.5.</summary>
internal static class IgdError
{
    internal const int InvalidAction = 401, InvalidArgs = 402, ActionFailed = 501, OptionalActionNotImplemented = 602, NotAuthorized = 606, NoMemory = 603;

    /// <summary>There is no such mapping.</summary>
    internal const int NoSuchEntry = 714, ArrayIndexInvalid = 713;

    /// <summary>The external port is another host's, or the router's own.</summary>
    internal const int ConflictInMappingEntry = 718, ConflictWithOtherMechanisms = 729;

    /// <summary>The external port must be the internal one.</summary>
    internal const int SamePortValuesRequired = 724;

    /// <summary>A lease must be 0, which is for ever.</summary>
    internal const int OnlyPermanentLeases = 725;

    internal const int NoPortMapsAvailable = 728;

    /// <summary>Of pinholes: no such one, no room, switched off.</summary>
    internal const int NoSuchPinhole = 704, PinholeSpaceExhausted = 701, FirewallDisabled = 702, InboundPinholeNotAllowed = 703;

    internal static MappingFailure ToFailure(int code) => code switch
    {
        NotAuthorized or InboundPinholeNotAllowed or FirewallDisabled => MappingFailure.NotAuthorized,
        ConflictInMappingEntry or ConflictWithOtherMechanisms or SamePortValuesRequired => MappingFailure.Conflict,
        NoPortMapsAvailable or PinholeSpaceExhausted or NoMemory => MappingFailure.OutOfResources,
        InvalidAction or OptionalActionNotImplemented => MappingFailure.Unsupported,
        _ => MappingFailure.Refused,
    };
}
