namespace Crust.Session;

/// <summary>Constants of wire version 1 that both ends of a session must agree on.</summary>
internal static class WireLimits
{
    /// <summary>Longest message payload, in bytes.</summary>
    internal const int MaxMessageLength = 2 << 20;

    /// <summary>What a message costs beyond its payload: covers the bookkeeping of an empty one, so that empty messages are not free.</summary>
    internal const int MessageOverhead = 256;

    /// <summary>Cost that each end admits before the first acknowledgement, and the distance that credit keeps ahead of consumption.</summary>
    internal const long FlowWindow = 4 << 20;

    /// <summary>Most messages that one window can hold: all of them empty.</summary>
    internal const int MaxWindowMessages = (int)(FlowWindow / MessageOverhead);

    /// <summary>Priorities are 0 (highest) to 3.</summary>
    internal const int PriorityCount = 4;

    /// <summary>Most protocols that one direction interns.</summary>
    internal const int MaxProtocols = 1024;

    /// <summary>Longest protocol name, in bytes of printable ASCII.</summary>
    internal const int MaxProtocolNameLength = 64;

    /// <summary>Most messages under one signature, and most that may wait for one.</summary>
    internal const int MaxBatchMessages = 1024;

    /// <summary>Payload bytes at which a batch is signed although more is queued. Ours: a receiver need not check it.</summary>
    internal const int BatchBytes = 256 << 10;

    /// <summary>Longest reason of a goodbye, in UTF-8 bytes.</summary>
    internal const int MaxReasonLength = 256;

    /// <summary>
    /// Smallest buffer that <see cref="SessionMachine.PollRecord"/> fills: the longest indivisible run of frames (an acknowledgement and a
    /// goodbye) is below it. Ours.
    /// </summary>
    internal const int MinRecordLength = 512;

    /// <summary>The cost of a message with this many payload bytes.</summary>
    internal static long Cost(int payloadLength) => payloadLength + (long)MessageOverhead;
}
