namespace Crust.Cryptography;

/// <summary>The domain flags of a compression (BLAKE3 specification §2.1, table 3).</summary>
internal static class Blake3Flags
{
    internal const uint ChunkStart = 1, ChunkEnd = 2, Parent = 4, Root = 8, KeyedHash = 16, DeriveKeyContext = 32, DeriveKeyMaterial = 64;
}
