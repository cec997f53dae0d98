namespace Crust.Transport;

/// <summary>How the active link of a session reaches the peer.</summary>
public enum ConnectionPath
{
    /// <summary>TCP straight to a listening address.</summary>
    DirectTcp,

    /// <summary>µTP straight to a listening address.</summary>
    DirectUtp,

    /// <summary>TCP to a port that the peer's router maps.</summary>
    MappedTcp,

    /// <summary>µTP to a port that the peer's router maps.</summary>
    MappedUtp,

    /// <summary>TCP simultaneous open through NATs.</summary>
    PunchedTcp,

    /// <summary>µTP through punched NATs.</summary>
    PunchedUtp,

    /// <summary>A circuit over a gateway.</summary>
    Relayed,
}
