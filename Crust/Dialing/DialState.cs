namespace Crust.Dialing;

/// <summary>Where a candidate of a <see cref="DialRace"/> stands.</summary>
internal enum DialState
{
    /// <summary>Not tried yet.</summary>
    Waiting,

    /// <summary>Its link is being opened.</summary>
    Opening,

    /// <summary>Its link is open and held back: another one handshakes.</summary>
    Open,

    /// <summary>Its handshake is under way, or has succeeded.</summary>
    Shaking,

    /// <summary>Over; <see cref="DialRunner.Failure"/> says why.</summary>
    Failed,
}
