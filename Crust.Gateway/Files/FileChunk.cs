namespace Crust.Gateway.Files;

/// <summary>Bytes of a file.</summary>
/// <param name="Attempt">Which offer they belong to.</param>
/// <param name="Index">The file, by its place in the manifest.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Data">1 to <see cref="FileProtocol.ChunkLength"/> bytes: a slice of the message.</param>
internal readonly record struct FileChunk(uint Attempt, int Index, long Offset, ReadOnlyMemory<byte> Data);
