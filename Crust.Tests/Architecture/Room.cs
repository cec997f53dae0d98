namespace Crust.Tests.Architecture;

/// <summary>What a room may touch besides other rooms.</summary>
internal enum RoomKind
{
    /// <summary>No sockets, clocks, tasks, locks or loggers.</summary>
    Pure,

    /// <summary>Joins a pure room to the operating system.</summary>
    Driver,

    /// <summary>Logs and metrics; imported by drivers and the root alone.</summary>
    Diagnostics,

    /// <summary>The public API.</summary>
    Root,
}

/// <summary>A room of the library.</summary>
/// <param name="Name">The namespace below <c>Crust</c>.</param>
/// <param name="Kind">What the room may touch.</param>
/// <param name="Floor">Its height: a pure room imports lower floors alone.</param>
internal readonly record struct Room(string Name, RoomKind Kind, int Floor);
