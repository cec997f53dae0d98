namespace Crust.Tests.NatLab;

/// <summary>What a router does not let out. It answers nothing.</summary>
public enum Restriction
{
    /// <summary>Everything may go out.</summary>
    Nothing,

    /// <summary>No UDP.</summary>
    UdpBlocked,

    /// <summary>No TCP.</summary>
    TcpBlocked,

    /// <summary>Nothing but TCP to port 443.</summary>
    OnlyTcp443,
}
