namespace Crust.Gateway.Files;

/// <summary>Names and bounds of the file protocol, version 1. Both ends hold to them: what exceeds one is refused, never stored.</summary>
internal static class FileProtocol
{
    /// <summary>The protocol's name in the session.</summary>
    internal const string Name = "crust-file/1";

    /// <summary>Longest chunk message with its header. Ours: the size of a signature's batch, so that each chunk is signed at once.</summary>
    internal const int ChunkMessageLength = 256 << 10;

    /// <summary>Bytes of a file in a full chunk.</summary>
    internal const int ChunkLength = ChunkMessageLength - FileCodec.ChunkHeaderLength;

    /// <summary>Longest page of a manifest.</summary>
    internal const int PageLength = 1 << 20;

    /// <summary>Longest manifest in bytes: with <see cref="MaxEntries"/> it bounds the memory that one transfer costs its receiver.</summary>
    internal const int MaxManifestLength = 8 << 20;

    /// <summary>Most files and folders in a transfer.</summary>
    internal const int MaxEntries = 100_000;

    /// <summary>Deepest nesting; the root is at depth 0.</summary>
    internal const int MaxDepth = 63;

    /// <summary>Longest name of a file or folder in bytes of UTF-8: what common file systems hold.</summary>
    internal const int MaxNameLength = 255;

    /// <summary>Longest path below the receiving folder, in bytes of UTF-8: half of Linux' 4,096, the other half is the receiver's own.</summary>
    internal const int MaxPathLength = 2048;

    /// <summary>Largest file: 2^60 − 1 bytes.</summary>
    internal const long MaxFileLength = (1L << 60) - 1;

    /// <summary>Longest reason of a refusal or an end, in bytes of UTF-8.</summary>
    internal const int MaxReasonLength = 512;

    /// <summary>Most places in a partial file from which the sender may choose one to go on.</summary>
    internal const int MaxResumePoints = 4;

    /// <summary>Longest receipt in bytes: a message, with room to spare.</summary>
    internal const int MaxReceiptLength = 1 << 20;
}
