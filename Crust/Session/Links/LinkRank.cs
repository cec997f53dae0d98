namespace Crust.Session.Links;

/// <summary>How good a kind of path is; a lower value is better.</summary>
internal enum LinkRank
{
    /// <summary>Packets go to the peer.</summary>
    Direct = 0,

    /// <summary>A gateway passes them on.</summary>
    Relayed = 1,
}
