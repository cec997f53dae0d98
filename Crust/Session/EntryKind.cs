namespace Crust.Session;

/// <summary>What a numbered entry of a session's direction is. All kinds share one sequence of numbers, one ledger and one chain of statements.</summary>
internal enum EntryKind : byte
{
    /// <summary>A message: whole, to a protocol.</summary>
    Message = 1,

    /// <summary>A stream begins, to a protocol.</summary>
    StreamOpen = 2,

    /// <summary>The next bytes of a stream.</summary>
    StreamData = 3,

    /// <summary>The sender of the stream is done: no data follows.</summary>
    StreamFinish = 4,

    /// <summary>The sender of the stream gave up: what was not delivered may be lost. Payload: code u64.</summary>
    StreamReset = 5,

    /// <summary>The reader of the stream wants no more; its sender answers with a reset. Payload: code u64.</summary>
    StreamStop = 6,
}
