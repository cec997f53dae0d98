namespace Crust.Nat.PortMapping;

/// <summary>How far a <see cref="PortMapper"/> is.</summary>
internal enum MapperState
{
    /// <summary>The router is being asked.</summary>
    Searching,

    /// <summary>A port at least is mapped.</summary>
    Mapped,

    /// <summary>The router speaks a protocol, and maps nothing.</summary>
    Refused,

    /// <summary>Nobody answers in any protocol.</summary>
    NoRouter,

    /// <summary>Everything is being deleted, or is.</summary>
    Stopped,
}
