namespace Crust.Tests.NatLab;

/// <summary>What a cell of the matrix promises.</summary>
public enum Expected
{
    /// <summary>A path that is not the relay, within 15 s.</summary>
    Direct,

    /// <summary>The same by a spray, within 30 s.</summary>
    DirectBySpray,

    /// <summary>A path over TCP that is not the relay, within 15 s.</summary>
    DirectByTcp,

    /// <summary>A path over µTP that is not the relay, within 15 s.</summary>
    DirectByUtp,

    /// <summary>A port that the router was asked for, within 15 s.</summary>
    Mapped,

    /// <summary>They talk over a gateway, and nothing else can be had.</summary>
    Relayed,
}
