using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>How a <see cref="PeerId"/> travels between silos: its 32 bytes as four big-endian integers.</summary>
[GenerateSerializer, Alias("crust.PeerId"), Immutable]
public struct PeerIdSurrogate
{
    [Id(0)]
    public ulong First { get; set; }

    [Id(1)]
    public ulong Second { get; set; }

    [Id(2)]
    public ulong Third { get; set; }

    [Id(3)]
    public ulong Fourth { get; set; }
}
