namespace Crust.Identity.Evidence;

/// <summary>What a leaf of a signed batch is. The values are in the leaf: they are signed.</summary>
public enum SignedContent
{
    /// <summary>A whole message.</summary>
    Message = 1,

    /// <summary>A stream was opened; no payload.</summary>
    StreamOpen = 2,

    /// <summary>Bytes of a stream.</summary>
    StreamData = 3,

    /// <summary>A stream's sender has written everything; no payload.</summary>
    StreamFinish = 4,

    /// <summary>A stream's sender gave up; the payload is the 8-byte code, big endian.</summary>
    StreamReset = 5,

    /// <summary>A stream's receiver wants no more; the payload is the 8-byte code, big endian.</summary>
    StreamStop = 6,
}
