namespace Crust.Tests.Architecture;

/// <summary>
/// The rooms of <c>Crust.dll</c> and who imports whom. A room is a namespace; its sub-rooms belong to it, except those named here. Imports go
/// downward only: a room sees every floor below its own and nothing on its own floor. Drivers (and <c>Tcp</c>, <c>Udp</c>) may import each other.
/// </summary>
internal static class RoomTable
{
    /// <summary>The public API: what stands in the namespace <c>Crust</c> itself. Nobody imports it.</summary>
    public const string Root = "(root)";

    private const string DiagnosticsRoom = "Diagnostics";

    /// <summary>The pure rooms, lowest floor first.</summary>
    private static readonly string[][] Floors =
    [
        ["Primitives", "Buffers", "Cryptography"],
        ["Wire"],
        ["Identity", "Noise", "Utp", "Nat.Stun", "Nat.PortMapping"],
        ["Access", "Session", "Transport", "Nat"],
        ["Dialing", "Discovery", "PeerProtocol", "GatewayProtocol"],
    ];

    /// <summary>Rooms that may touch the operating system as a whole, without a <c>Driver</c> folder.</summary>
    private static readonly string[] TransportDrivers = ["Tcp", "Udp"];

    /// <summary>The room that a namespace belongs to, or null if the table knows none.</summary>
    public static Room? Of(string @namespace)
    {
        if (@namespace == "Crust")
        {
            return new Room(Root, RoomKind.Root, int.MaxValue);
        }

        if (!@namespace.StartsWith("Crust.", StringComparison.Ordinal))
        {
            return null;
        }

        var segments = @namespace.Split('.')[1..];
        if (segments[0] == DiagnosticsRoom)
        {
            return new Room(DiagnosticsRoom, RoomKind.Diagnostics, Floors.Length);
        }

        if (TransportDrivers.Contains(segments[0]))
        {
            return new Room(segments[0], RoomKind.Driver, Floors.Length + 1);
        }

        var name = segments.Length > 1 && FloorOf($"{segments[0]}.{segments[1]}") is not null ? $"{segments[0]}.{segments[1]}" : segments[0];
        return FloorOf(name) switch
        {
            null => null,
            _ when segments.Contains("Driver") => new Room($"{name}.Driver", RoomKind.Driver, Floors.Length + 1),
            { } floor => new Room(name, RoomKind.Pure, floor),
        };
    }

    /// <summary>Whether code in one room may name a type of another.</summary>
    public static bool MayImport(Room from, Room to) => (from.Kind, to.Kind) switch
    {
        _ when from.Name == to.Name => true,
        (_, RoomKind.Root) => false,
        (RoomKind.Root, _) => true,
        (_, RoomKind.Diagnostics) => from.Kind == RoomKind.Driver,
        (RoomKind.Driver, _) => true,
        (_, RoomKind.Driver) => false,
        _ => to.Floor < from.Floor,
    };

    private static int? FloorOf(string room)
    {
        var floor = Array.FindIndex(Floors, rooms => rooms.Contains(room));
        return floor < 0 ? null : floor;
    }
}
