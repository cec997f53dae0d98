namespace Crust.Session.Circuits;

/// <summary>What a circuit is for.</summary>
internal enum CircuitKind : byte
{
    /// <summary>Everything that a link carries.</summary>
    Data = 0,

    /// <summary>
    /// What two peers must say to find a direct path, and no application's data: it ends after <see cref="CircuitLimits.ControlBytes"/> each way.
    /// </summary>
    Control = 1,
}
