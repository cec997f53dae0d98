namespace Crust.Tests.Older.Contracts;


/// <summary>What became of one announcement.</summary>
[GenerateSerializer, Alias("crust.AnnounceResult")]
public enum AnnounceResult
{
    /// <summary>The peer is found at this gateway from now on.</summary>
    Accepted = 0,

    /// <summary>A newer process with the same identity is attached: this one lost.</summary>
    Superseded = 1,

    /// <summary>The peer's or gateway's fault: a bad signature, another gateway's attachment, or one from before this gateway started.</summary>
    Invalid = 2,

    /// <summary>The gateway's fault: the peer belongs to another zone.</summary>
    WrongZone = 3,

    /// <summary>A newer process of the same gateway has announced itself: this one must stop.</summary>
    GatewaySuperseded = 4,
}
