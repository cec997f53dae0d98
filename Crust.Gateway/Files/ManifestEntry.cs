namespace Crust.Gateway.Files;

/// <summary>A file or folder of a transfer.</summary>
/// <param name="Name">Its own name, without those of its folders.</param>
/// <param name="Parent">The place of its folder in the manifest; −1 for the root.</param>
/// <param name="Depth">0 for the root.</param>
/// <param name="IsFolder">True for a folder, which has no length and is never executable.</param>
/// <param name="IsExecutable">Whether its owner may execute it.</param>
/// <param name="Length">Bytes of the file.</param>
/// <param name="ModifiedTicks">When it was last modified: 100 ns since 0001-01-01 UTC.</param>
internal readonly record struct ManifestEntry(string Name, int Parent, int Depth, bool IsFolder, bool IsExecutable, long Length, long ModifiedTicks)
{
    internal DateTime Modified => new(ModifiedTicks, DateTimeKind.Utc);
}
