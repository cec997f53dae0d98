namespace Crust.Utp;

/// <summary>Where a connection is in its life.</summary>
internal enum UtpConnectionState
{
    /// <summary>Our SYN has no answer yet.</summary>
    Connecting,

    /// <summary>Open, perhaps in one direction only.</summary>
    Open,

    /// <summary>Both sides finished. It stays for a while to acknowledge a FIN that comes again.</summary>
    Lingering,

    /// <summary>Over.</summary>
    Ended,
}
