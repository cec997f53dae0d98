namespace Crust.Gateway.Files;

/// <summary>Why a receiver takes no more of a transfer. The numbers are on the wire.</summary>
internal enum RefusalCode : byte
{
    /// <summary>It takes files from named peers only, and this is none of them.</summary>
    NotAllowed = 1,

    /// <summary>More bytes or files than it takes.</summary>
    TooLarge = 2,

    /// <summary>Its disk has no room: make some and send again, what arrived is kept.</summary>
    DiskFull = 3,

    /// <summary>A name in the manifest could lead out of the folder or cannot be stored there.</summary>
    UnsafeName = 4,

    /// <summary>As many transfers as it takes are under way: try again.</summary>
    Busy = 5,

    /// <summary>It could not read or write its folder.</summary>
    StorageFailed = 6,

    /// <summary>What came is not what the protocol says.</summary>
    ProtocolViolation = 7,
}

/// <summary>Spelling of <see cref="RefusalCode"/> in events.</summary>
internal static class RefusalCodeExtensions
{
    internal static string ToToken(this RefusalCode code) => code switch
    {
        RefusalCode.NotAllowed => "not-allowed",
        RefusalCode.TooLarge => "too-large",
        RefusalCode.DiskFull => "disk-full",
        RefusalCode.UnsafeName => "unsafe-name",
        RefusalCode.Busy => "busy",
        RefusalCode.StorageFailed => "storage-failed",
        _ => "protocol-violation",
    };
}
