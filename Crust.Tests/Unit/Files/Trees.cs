using Crust.Gateway.Files;
using Crust.Identity;

namespace Crust.Tests.Unit.Files;

/// <summary>Manifests and other values for tests of the file protocol.</summary>
internal static class Trees
{
    internal static readonly long Ticks = new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc).Ticks;

    internal static PeerId Sender { get; } = PeerIdentity.FromSeed(Enumerable.Repeat((byte)1, 32).ToArray()).Id;

    internal static PeerId Receiver { get; } = PeerIdentity.FromSeed(Enumerable.Repeat((byte)2, 32).ToArray()).Id;

    internal static ManifestEntry File(string name, long length, int parent = -1, int depth = 0, bool executable = false) =>
        new(name, parent, depth, IsFolder: false, executable, length, Ticks);

    internal static ManifestEntry Folder(string name, int parent = -1, int depth = 0) => new(name, parent, depth, IsFolder: true, IsExecutable: false, 0, Ticks);

    internal static Manifest One(string name, long length) => Manifest.Create([File(name, length)]);

    /// <summary>A folder with a file of 10 bytes, an empty folder, a file of 0 bytes deeper down and a program of 300,000 bytes.</summary>
    internal static Manifest Some() => Manifest.Create(
    [
        Folder("root"), File("a b.txt", 10, 0, 1), Folder("empty", 0, 1), Folder("sub", 0, 1), File("nothing", 0, 3, 2), File("ünïcode\n", 300_000, 0, 1, executable: true),
    ]);

    internal static byte[] Hash(byte value) => Enumerable.Repeat(value, 32).ToArray();
}
