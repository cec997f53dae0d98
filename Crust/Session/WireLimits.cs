namespace Crust.Session;

/// <summary>Constants of wire version 1 that both ends of a session must agree on.</summary>
internal static class WireLimits
{
    /// <summary>Longest message payload, in bytes.</summary>
    internal const int MaxMessageLength = 2 << 20;

    /// <summary>Most bytes of a stream in one entry.</summary>
    internal const int MaxStreamChunk = 32 << 10;

    /// <summary>Longest datagram payload, in bytes: with its heads it fits a packet of every path.</summary>
    internal const int MaxDatagramLength = 1024;

    /// <summary>What an entry costs beyond its payload: covers the bookkeeping of an empty one, so that empty messages are not free.</summary>
    internal const int EntryOverhead = 256;

    /// <summary>Cost that each end admits before the first acknowledgement: of messages, and again of streams. Also the smallest window.</summary>
    internal const long InitialWindow = 256 << 10;

    /// <summary>Bytes that a stream may send before the first <see cref="Frames.StreamCreditFrame"/>.</summary>
    internal const int InitialStreamWindow = 64 << 10;

    /// <summary>Most streams that one end may have open of its own making.</summary>
    internal const int MaxStreams = 256;

    /// <summary>Priorities are 0 (highest) to 3.</summary>
    internal const int PriorityCount = 4;

    /// <summary>Most protocols that one direction interns.</summary>
    internal const int MaxProtocols = 1024;

    /// <summary>Longest protocol name, in bytes of printable ASCII.</summary>
    internal const int MaxProtocolNameLength = 64;

    /// <summary>Most entries under one signature, and most that may wait for one.</summary>
    internal const int MaxBatchMessages = 1024;

    /// <summary>Payload bytes from which a batch may be signed although more is queued. Ours: a receiver need not check it.</summary>
    internal const int BatchBytes = 256 << 10;

    /// <summary>Longest reason of a goodbye, in UTF-8 bytes.</summary>
    internal const int MaxReasonLength = 256;

    /// <summary>
    /// Smallest buffer that <see cref="SessionMachine.PollRecord"/> fills: the longest indivisible run of frames (an acknowledgement and a
    /// goodbye) is below it. Ours.
    /// </summary>
    internal const int MinRecordLength = 512;

    /// <summary>The cost of an entry with this many payload bytes.</summary>
    internal static long Cost(int payloadLength) => payloadLength + (long)EntryOverhead;
}
